"""The tables of the differential tests: every column type, several collations, all kinds of sharding.

Invariant: one statement text per table and flavor; the oracle and every shard are made from the same text.
"""

from __future__ import annotations

SHARDED = ("member", "t_order", "t_order_item", "coupon", "event", "archive", "badge", "scratch")
BROADCAST = ("country",)
SINGLE = ("config",)

KEYS = {
    "member": ("memberId",),
    "t_order": ("memberId",),
    "t_order_item": ("memberId",),
    "coupon": ("code",),
    "event": ("at",),
    "archive": ("memberId",),
    "badge": ("memberId",),
    "scratch": ("id",),
}
"""The shard key of each sharded table."""


def collations(flavor: str) -> dict[str, str]:
    """The collation of each text column (names are unique over the tables, except keys)."""
    default = "utf8mb4_general_ci" if flavor == "mariadb" else "utf8mb4_0900_ai_ci"
    return {
        "memberName": default,
        "nick": "utf8mb4_bin",
        "country": default,
        "level": default,
        "tags": default,
        "note": "utf8mb4_unicode_ci",
        "status": "utf8mb4_general_ci",
        "remark": "utf8mb4_unicode_ci",
        "sku": default,
        "code": "utf8mb4_bin",
        "kind": default,
        "name": default,
        "region": "utf8mb4_general_ci",
        "reason": "utf8mb4_general_ci",
        "title": default,
        "k": default,
        "v": default,
    }


def tables(flavor: str) -> dict[str, str]:
    """logical table -> CREATE TABLE with `{table}` for the physical name. `scratch` is left to the cases."""
    default = collations(flavor)["memberName"]
    tail = f"ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={default}"
    return {name: f"CREATE TABLE `{{table}}` ({body}) {tail}" for name, body in BODIES.items()}


BODIES = {
    "member": """
        memberId BIGINT NOT NULL PRIMARY KEY,
        memberName VARCHAR(64) NOT NULL,
        nick VARCHAR(32) COLLATE utf8mb4_bin NULL,
        country CHAR(2) NULL,
        level ENUM('bronze','silver','gold','Äon') NULL,
        tags SET('c','b','a') NULL,
        balance DECIMAL(20,6) NULL,
        score DOUBLE NULL,
        ratio FLOAT NULL,
        born DATE NULL,
        registered DATETIME(6) NULL,
        seen TIMESTAMP NULL DEFAULT NULL,
        worked TIME(3) NULL,
        flags BIT(8) NULL,
        raw VARBINARY(32) NULL,
        doc JSON NULL,
        yr YEAR NULL,
        note TEXT COLLATE utf8mb4_unicode_ci NULL""",
    "t_order": """
        memberId BIGINT NOT NULL,
        orderId BIGINT NOT NULL,
        status VARCHAR(16) COLLATE utf8mb4_general_ci NOT NULL DEFAULT 'new',
        amount DECIMAL(12,2) NOT NULL DEFAULT 0,
        created_at DATETIME NOT NULL DEFAULT '2020-01-01 00:00:00',
        sellerId BIGINT NULL,
        remark VARCHAR(100) COLLATE utf8mb4_unicode_ci NULL,
        PRIMARY KEY (memberId, orderId), KEY by_time (created_at)""",
    "t_order_item": """
        memberId BIGINT NOT NULL,
        orderId BIGINT NOT NULL,
        itemId INT NOT NULL,
        sku VARCHAR(32) NOT NULL,
        quantity INT NOT NULL,
        price DECIMAL(12,2) NULL,
        PRIMARY KEY (memberId, orderId, itemId)""",
    "coupon": """
        code VARCHAR(32) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
        memberId BIGINT NULL,
        amount DECIMAL(12,2) NULL""",
    "event": """
        at DATETIME NOT NULL,
        seq INT NOT NULL,
        memberId BIGINT NOT NULL,
        kind VARCHAR(16) NULL,
        PRIMARY KEY (at, seq)""",
    "archive": """
        memberId BIGINT NOT NULL,
        archiveId BIGINT NOT NULL,
        amount DECIMAL(12,2) NULL,
        reason VARCHAR(40) COLLATE utf8mb4_general_ci NULL,
        PRIMARY KEY (memberId, archiveId)""",
    "badge": """
        memberId BIGINT NOT NULL,
        badgeId BIGINT NOT NULL,
        title VARCHAR(40) NULL,
        points INT NULL,
        PRIMARY KEY (memberId, badgeId)""",
    "country": """
        code CHAR(2) NOT NULL PRIMARY KEY,
        name VARCHAR(40) NOT NULL,
        region VARCHAR(20) COLLATE utf8mb4_general_ci NULL""",
    "config": """
        k VARCHAR(32) NOT NULL PRIMARY KEY,
        v TEXT NULL""",
}

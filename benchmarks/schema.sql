-- The tables of the benchmarks: the member and the order of a shop, without what no workload asks for.

CREATE TABLE IF NOT EXISTS member (
  memberId         BIGINT       NOT NULL,
  memberName       VARCHAR(100) NOT NULL,
  email            VARCHAR(254) NOT NULL,
  phone            VARCHAR(32)  NULL,
  level            SMALLINT     NOT NULL DEFAULT 1,
  createdAt        DATETIME     NOT NULL,
  defaultAddressId BIGINT       NULL,
  emailVerifiedAt  DATETIME     NULL,
  deactivatedAt    DATETIME     NULL,
  PRIMARY KEY (memberId),
  KEY member_createdAt (createdAt, memberId)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS t_order (
  memberId  BIGINT        NOT NULL,
  orderId   BIGINT        NOT NULL,
  status    VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  amount    DECIMAL(12,2) NOT NULL,
  currency  CHAR(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  createdAt DATETIME      NOT NULL,
  country   VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  invoice   VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  PRIMARY KEY (memberId, orderId),
  KEY t_order_createdAt (createdAt, orderId),
  KEY t_order_status (status, createdAt, orderId)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

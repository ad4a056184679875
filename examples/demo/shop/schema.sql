-- The demo's shop. Orders and items lie on the buyer's shard; memberId leads every primary key.
-- orderId is given by the caller and unique among all orders, so (createdAt, orderId) orders them totally.

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

CREATE TABLE IF NOT EXISTS t_order_item (
  memberId    BIGINT        NOT NULL,
  orderId     BIGINT        NOT NULL,
  lineNo      INT           NOT NULL,
  sku         VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  description VARCHAR(255)  NOT NULL,
  quantity    INT           NOT NULL,
  price       DECIMAL(12,2) NOT NULL,
  PRIMARY KEY (memberId, orderId, lineNo)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

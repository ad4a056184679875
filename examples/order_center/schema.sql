-- The order center. memberId (the buyer) leads every key of the orders' tables: all rows of a buyer lie on one shard.
-- Codes compare byte by byte (utf8mb4_bin); what people read compares as people read (utf8mb4_unicode_ci).

CREATE TABLE IF NOT EXISTS t_checkout (
  memberId   BIGINT        NOT NULL,
  checkoutId BIGINT        NOT NULL,
  requestId  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  bodyHash   CHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  amount     DECIMAL(14,2) NOT NULL,
  currency   CHAR(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  country    CHAR(2) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  createdAt  DATETIME      NOT NULL,
  PRIMARY KEY (memberId, checkoutId),
  -- Holds over all shards, because the shard key is part of it: one buyer, one shard.
  UNIQUE KEY t_checkout_request (memberId, requestId)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS t_order (
  memberId   BIGINT        NOT NULL,
  orderId    BIGINT        NOT NULL,
  checkoutId BIGINT        NOT NULL,
  sellerId   BIGINT        NOT NULL,
  status     VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  version    INT           NOT NULL,
  amount     DECIMAL(14,2) NOT NULL,
  currency   CHAR(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  country    CHAR(2) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  createdAt  DATETIME      NOT NULL,
  updatedAt  DATETIME      NOT NULL,
  PRIMARY KEY (memberId, orderId),
  KEY t_order_id (orderId),
  KEY t_order_checkout (memberId, checkoutId),
  KEY t_order_buyer (memberId, createdAt, orderId),
  KEY t_order_seller (sellerId, createdAt, orderId),
  KEY t_order_created (createdAt, orderId)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS t_order_item (
  memberId BIGINT        NOT NULL,
  orderId  BIGINT        NOT NULL,
  lineNo   INT           NOT NULL,
  sku      VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  title    VARCHAR(200)  NOT NULL,
  quantity INT           NOT NULL,
  price    DECIMAL(12,2) NOT NULL,
  PRIMARY KEY (memberId, orderId, lineNo)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS t_order_move (
  memberId BIGINT       NOT NULL,
  orderId  BIGINT       NOT NULL,
  version  INT          NOT NULL,
  action   VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  status   VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  note     VARCHAR(200) NOT NULL,
  movedAt  DATETIME     NOT NULL,
  PRIMARY KEY (memberId, orderId, version)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- received = available + sold, always.
CREATE TABLE IF NOT EXISTS t_product (
  sku       VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  sellerId  BIGINT        NOT NULL,
  title     VARCHAR(200)  NOT NULL,
  price     DECIMAL(12,2) NOT NULL,
  currency  CHAR(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  received  INT           NOT NULL,
  available INT           NOT NULL,
  sold      INT           NOT NULL,
  PRIMARY KEY (sku)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS t_receipt (
  sku        VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  requestId  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  quantity   INT         NOT NULL,
  receivedAt DATETIME    NOT NULL,
  PRIMARY KEY (sku, requestId)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

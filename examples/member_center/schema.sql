-- The member center. memberId, the shard key, leads the primary keys: all rows of a member lie on one shard.
-- Codes and secrets compare byte by byte (utf8mb4_bin); what people type compares as people read (utf8mb4_unicode_ci).

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

CREATE TABLE IF NOT EXISTS member_address (
  memberId  BIGINT       NOT NULL,
  addressId BIGINT       NOT NULL,
  recipient VARCHAR(100) NOT NULL,
  street    VARCHAR(200) NOT NULL,
  city      VARCHAR(100) NOT NULL,
  postcode  VARCHAR(20)  NOT NULL,
  country   CHAR(2) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (memberId, addressId)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS member_login_account (
  memberId      BIGINT       NOT NULL,
  accountId     BIGINT       NOT NULL,
  memberAccount VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  passwordHash  VARCHAR(120) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  createdAt     DATETIME     NOT NULL,
  PRIMARY KEY (memberId, accountId)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- The one table that lies by another key: from an account's name, as it is compared, to its member.
CREATE TABLE IF NOT EXISTS member_login_account_memberAccount (
  memberAccount VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  memberId      BIGINT       NOT NULL,
  accountId     BIGINT       NOT NULL,
  PRIMARY KEY (memberAccount)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS email_verify (
  memberId    BIGINT       NOT NULL,
  accountId   BIGINT       NOT NULL,
  verifyId    BIGINT       NOT NULL,
  email       VARCHAR(254) NOT NULL,
  tokenHash   CHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  createdAt   DATETIME     NOT NULL,
  expiresAt   DATETIME     NOT NULL,
  confirmedAt DATETIME     NULL,
  PRIMARY KEY (memberId, accountId, verifyId)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS member_company (
  memberId    BIGINT       NOT NULL,
  itemId      BIGINT       NOT NULL,
  companyName VARCHAR(200) NOT NULL,
  taxNumber   VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  PRIMARY KEY (memberId, itemId)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** Someone who can log in to the page and register phones. */
@Entity({ tableName: 'person' })
export class Person {
  /** The address of record without its scheme: `alice@example.com`. */
  @PrimaryKey({ type: 'string', length: 255 })
  declare aor: string;

  /** The user part of the address of record, which is also the login name. */
  @Property({ type: 'string', length: 64 })
  declare name: string;

  @Property({ type: 'string', length: 128 })
  declare displayName: string;

  /** RFC 7616 §3.4.2: hash of `user:realm:password`; the password itself is stored nowhere. */
  @Property({ type: 'string', length: 64, fieldName: 'ha1_md5' })
  declare ha1Md5: string;

  @Property({ type: 'string', length: 64, fieldName: 'ha1_sha256' })
  declare ha1Sha256: string;

  /** The people of the first start, whose password is shown on the login page. */
  @Property({ type: 'boolean' })
  declare demo: boolean;

  @Property({ type: 'datetime', length: 3 })
  declare createdAt: Date;
}

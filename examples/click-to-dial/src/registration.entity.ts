import { Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** One contact of one person's phone: an RFC 3261 §10 binding and the way back to it. */
@Entity({ tableName: 'registration' })
export class Registration {
  @PrimaryKey({ type: 'uuid' })
  declare id: string;

  @Index()
  @Property({ type: 'string', length: 255 })
  declare aor: string;

  /** The Contact URI exactly as the phone wrote it. */
  @Property({ type: 'text' })
  declare contact: string;

  @Property({ type: 'string', length: 255 })
  declare callId: string;

  @Property({ type: 'bigint' })
  declare cseq: number;

  /** `UDP`, `TCP`, `WS` …: what the REGISTER came over. */
  @Property({ type: 'string', length: 8 })
  declare transport: string;

  @Property({ type: 'string', length: 64 })
  declare sourceAddress: string;

  @Property({ type: 'integer' })
  declare sourcePort: number;

  /** Names the flow (RFC 5626 §3) the REGISTER came over; the empty string when it had none. */
  @Index()
  @Property({ type: 'string', length: 255 })
  declare flowToken: string;

  @Property({ type: 'string', length: 255 })
  declare userAgent: string;

  /** When this contact was first registered: of several phones the newest one is called. */
  @Property({ type: 'datetime', length: 3 })
  declare createdAt: Date;

  @Index()
  @Property({ type: 'datetime', length: 3 })
  declare expiresAt: Date;
}

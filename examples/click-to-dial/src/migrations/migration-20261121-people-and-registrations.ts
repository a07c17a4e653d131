import { Migration } from '@mikro-orm/migrations';

/** The first schema, in column types that SQLite and PostgreSQL both know. */
export class Migration20261121PeopleAndRegistrations extends Migration {
  override up(): void {
    const postgres = this.driver.constructor.name.startsWith('Postgre');
    const timestamp = postgres ? 'timestamptz(3)' : 'datetime';
    const uuid = postgres ? 'uuid' : 'text';
    this.addSql(
      `create table person (aor varchar(255) not null primary key, name varchar(64) not null, display_name varchar(128) not null,
       ha1_md5 varchar(64) not null, ha1_sha256 varchar(64) not null, demo boolean not null, created_at ${timestamp} not null)`,
    );
    this.addSql(
      `create table registration (id ${uuid} not null primary key, aor varchar(255) not null references person (aor) on delete cascade,
       contact text not null, call_id varchar(255) not null, cseq bigint not null, transport varchar(8) not null,
       source_address varchar(64) not null, source_port integer not null, flow_token varchar(255) not null,
       user_agent varchar(255) not null, created_at ${timestamp} not null, expires_at ${timestamp} not null)`,
    );
    for (const column of ['aor', 'flow_token', 'expires_at'])
      this.addSql(`create index registration_${column}_index on registration (${column})`);
  }

  override down(): void {
    this.addSql('drop table registration');
    this.addSql('drop table person');
  }
}

export { assemble, type ApplicationParts, type ApplicationSettings } from './application.ts';
export { ClickToDial } from './click-to-dial.ts';
export { type Database, type DatabaseLocation, openDatabase } from './database.ts';
export { main } from './main.ts';
export { Person } from './person.entity.ts';
export { Registration } from './registration.entity.ts';

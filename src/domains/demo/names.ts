/** Sixty first names: no two people of the small demo share one. */
export const firstNames: readonly string[] =
  `Ada Grace Amara Bela Chidi Dalia Emil Fatima Goran Hana Ivo Jamila Kaito Leila Mateo Nadia Olaf Priya Quentin Rosa
  Stellan Tomasz Uma Viktor Wanjiru Xenia Yusuf Zofia Anouk Bruno Carmen Dmitri Elif Femi Giulia Henrik Ines Joaquin
  Katya Lars Mei Nils Oksana Pablo Ravi Saoirse Tariq Ursula Vera Wout Ximena Yara Zoltan Astrid Benedikt Chiara Darius
  Esther Finn Gloria`.split(/\s+/);

/** Forty last names, which are combined with the first names in the large demo. */
export const lastNames: readonly string[] =
  `Lindgren Okafor Novak Haddad Moreau Tanaka Silva Petrov Jansen Kowalska Mbeki Rossi Andersen Ibarra Schuster Yilmaz
  Nguyen Eriksen Farkas Delgado Osei Laurent Bakker Castellano Dvorak Fischer Guerrero Hassan Ivanova Johansson Kimura
  Lopez Murphy Nakamura Oliveira Papadakis Quist Romero Sato Turner`.split(/\s+/);

/** Forty-seven of these make the names of the large demo's tenants. */
export const tenantAdjectives: readonly string[] = 'Amber Blue Cedar Distant Early Friendly Golden'.split(
  ' ',
);

/** The second words of the names of the large demo's tenants. */
export const tenantNouns: readonly string[] =
  'Harbor Meadow Orchard Foundry Lantern Observatory Bakery'.split(' ');

/** Texts of profiles. */
export const bios: readonly string[] = [
  'Repairs things that others throw away.',
  'Reads on trains, sleeps on ferries.',
  'Asks one question more than necessary.',
  'Keeps bees, spreadsheets and secrets.',
  'Believes in checklists and second breakfasts.',
  'Learned three languages from song texts.',
  'Runs slowly, decides quickly.',
  'Collects maps of places that changed their name.',
];

/** Time zones of profiles. */
export const timezones: readonly string[] = [
  'Europe/Berlin',
  'Europe/Lisbon',
  'Africa/Lagos',
  'Asia/Tokyo',
  'America/Sao_Paulo',
  'America/Toronto',
];

/** Language tags of profiles. */
export const locales: readonly string[] = ['en', 'de', 'pt', 'fr', 'ja', 'es'];

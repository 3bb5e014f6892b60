import type { Random } from './random.ts';

/** The values of the slots of a text, by name. */
export type Slots = Readonly<Record<string, string>>;

/** Draws values for all slots of a text except for the speakers' names. */
export function drawSlots(random: Random): Slots {
  return {
    amount: `${random.between(2, 40) * 25} euros`,
    city: random.pick(cities),
    day: random.pick(days),
    number: String(random.between(3, 90)),
    product: random.pick(products),
    ticket: `T-${random.between(10_000, 99_999)}`,
    time: `${random.between(6, 22)}:${String(random.between(0, 59)).padStart(2, '0')}`,
  };
}

/** Fills the slots of a text. @throws RangeError for a slot without a value */
export function fillSlots(text: string, slots: Slots): string {
  return text.replaceAll(/\{(\w+)\}/g, (_match, name: string) => {
    const value = slots[name];
    if (value === undefined)
      throw new RangeError(`The text has a slot {${name}} that nothing fills: ${text}`);
    return value;
  });
}

const cities: readonly string[] =
  `Lisbon Trieste Bergen Kyoto Valparaiso Tbilisi Galway Ljubljana Tallinn Oaxaca Dakar Porto Hobart Krakow Izmir
  Gothenburg Marseille Nairobi Montreal Ghent Salzburg Busan Cusco Riga Granada Halifax Zadar Bilbao Turku Accra`.split(
    /\s+/,
  );

const days: readonly string[] = [
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
  'Sunday',
];

const products: readonly string[] = [
  'garden chair',
  'espresso machine',
  'bicycle trailer',
  'desk lamp',
  'label printer',
  'folding table',
  'rain barrel',
  'sewing machine',
  'camping stove',
  'soldering station',
  'bread slicer',
  'tool chest',
  'wall clock',
  'music stand',
];

import type { Topic } from '../topic.ts';

/** Conversations of people who travel, or help others to. */
export const journeyTopics: readonly Topic[] = [
  {
    titles: [
      'Four days in {city}',
      'Night train to {city}',
      'Group trip on {day}',
      'Hotel for the {city} conference',
    ],
    system: 'You plan journeys by train and boat where possible. Give times, prices and one alternative.',
    dialogue: `
a: We have four days in {city} and a child of six. What should we not miss?
m: Take the harbour ferry on the first afternoon, it costs little and gives everybody the lay of the land. Keep one morning for the natural history museum, one for the market, and leave an afternoon entirely free: playgrounds are sights too at that age.
a: And if it rains?
m: The tram museum and the indoor pool are both ten minutes from the main station.

a: Is the night train to {city} really running again?
b: Since spring, three times a week. I took it on a {day} and slept like a stone.
a: Couchette or sleeper?
b: Sleeper, if the boss pays. Book the upper berth, the lower one is next to the heating.

a: Compare the train and the plane from here to {city} for six people.
m: By plane: about {amount} for all of you, five hours from door to door including the transfer. By train: about a fifth more, eight hours with one change, but you arrive in the middle of the town and may carry as much luggage as you like. The emissions differ by a factor of ten.
b: Eight hours with my card game? Train.

a: The hotel wants a copy of everyone's passport by mail. Is that usual?
b: They must register guests, but a copy by mail is not necessary. Offer to show them at the reception.
a: They accepted at once. Thanks, {b}.

a: My connection in {city} is only nine minutes. Too tight?
m: On paper it is legal, in practice it fails about every fourth time at that station because the platforms are far apart. Take the train half an hour earlier; it has the same fare if you change it before {day}.
a: Changed. I will use the half hour for a coffee.

b: The bus company cancelled our group for {day}.
a: All {number} of us?
b: All of us, the driver is ill. They offer two minibuses an hour later.
a: Take them before somebody else does. I will tell the others.

a: What should I pack for a week of walking in the hills in November?
m: Layers that dry quickly, a light rain jacket, gloves, a head torch because it is dark by five, and shoes you have already walked fifty kilometres in. Blister plasters weigh nothing. Leave the jeans at home: wet cotton is cold for hours.
a: I always take jeans.
m: Then take them for the evening, in a dry bag.

a: Does anyone have a good place for dinner near the station in {city}?
b: The noodle bar behind the post office. Seven tables, no reservations, worth the queue.
a: Queues are how I know I am on holiday.
`,
  },
  {
    titles: [
      'Parcel {ticket} is missing',
      'Refund for the {product}',
      'Angry letter from {city}',
      'Customs form for the {product}',
    ],
    system:
      'You support a customer service team. Be warm, precise and brief; never promise what others decide.',
    dialogue: `
a: A customer in {city} says parcel {ticket} shows as delivered, but she has nothing.
b: Did the driver leave a photo?
a: A photo of a blue door. Hers is green.
b: Then it is at the neighbour's. Ask the depot for the coordinates of the scan, they keep them for two weeks.

a: Please soften this: "You did not read the manual, the {product} is not dishwasher safe."
m: How about: "Thank you for writing to us. The {product} has to be washed by hand, which our manual mentions only on page nine; we will make that easier to find. As a gesture we would like to send you the part that was damaged free of charge."
a: Much better than what I felt like writing.
m: What you felt like writing is best kept in a drawer overnight.

a: What may we ask for before we refund {amount}?
b: The order number and the reason, nothing more. Within fourteen days they do not even owe us a reason.
a: And the original packaging?
b: Nice to have, not a condition.

a: Summarise the complaints of this week in four lines for the Monday meeting.
m: Deliveries: {number} parcels late, nearly all through the {city} depot.
| Product: the lid of the {product} cracks in the cold, nine reports.
| Payment: two customers were charged twice, both refunded on the same day.
| Praise: the repair guide, mentioned eleven times.
b: Put the praise first, people need it on a Monday.

b: The chat queue is at {number}. Can anyone jump in?
a: Give me the ones about invoices, I have the templates open.
b: Moving twelve of them over to you. You are a hero.

a: Which customs code is right for a {product} made of wood and steel?
m: The material that gives the article its essential character decides. If the steel does the work and the wood is a handle, classify it as an article of steel; the exact subheading depends on its use. For a binding answer ask the customs office for a ruling, it is free and holds for three years.
a: Three years of peace, I will apply.

a: He wrote again, all in capitals this time.
b: Call him. Capitals mean he feels unheard.
a: Done. He was charming, his mother is ill and the {product} was for her. It goes out by express today.
b: That is why we call.

a: Can you turn this reply into simple Spanish?
m: Of course: "Gracias por su paciencia. Su paquete llega el martes. Si no llega, le devolvemos el dinero." I kept the sentences short so that nothing depends on a subordinate clause.
a: Perfect, sending it.
`,
  },
  {
    titles: [
      'Learning Portuguese before {city}',
      'Words I keep confusing',
      'Study plan until {day}',
      'Grammar corner',
    ],
    system: 'You teach languages. Correct gently, give one example, ask one question back.',
    dialogue: `
a: I have {number} weeks until we move to {city}. Is it possible to learn enough of the language?
m: Enough for shops, neighbours and the school gate: yes, with forty minutes a day. Spend the first half on the three hundred most frequent words aloud, the second on whole sentences you will really say. What will be the first conversation you need?
a: The landlord, about the heating.
m: Then we start with "the heating does not work", not with "the apple is red".

a: What is the difference between "affect" and "effect"?
m: In most sentences "affect" is the verb and "effect" the noun: the rain affects the harvest, the effect is a higher price. There are exceptions, but they are rare enough to look up. Which one fits here: "The noise has no ___ on me"?
a: Effect!
m: Exactly.

b: Does anybody want to practise speaking on {day} at lunch?
a: Me, but I am slow.
b: Slow is the point. We forbid English for twenty minutes and buy cake for whoever breaks the rule.
a: Then I bring my wallet.

a: Correct me, please: "I am living here since three years."
m: Nearly there: "I have been living here for three years." English uses the perfect for something that goes on, "for" with a length of time and "since" with a beginning. Try one with "since".
a: I have been living here since the {city} job.
m: Flawless.

a: My flash cards are at {number} due every morning, I dread it.
b: Delete the ones you fail more than eight times. They teach you only to dread.
a: Is that allowed?
b: They come back by themselves when you need them.

a: Give me a tongue twister that trains the rolled r.
m: "El perro de San Roque no tiene rabo, porque Ramón Ramírez se lo ha robado." Begin slowly, with the tip of the tongue loose behind the teeth, as if you imitated a small motorbike.
b: The whole office now sounds like a car park.

b: How did the exam go?
a: The listening part was a train announcement with a brass band in the background. But I passed, {number} points of a hundred.
b: Congratulations! Cake on {day}.

a: Why do some languages have grammatical gender at all?
m: Nobody designed it. It grew from ways of sorting nouns, and it helps listeners to keep track of which word belongs to which in a long sentence. Think of it as colour coding rather than as a statement about tables and bridges.
a: Colour coding I can live with.
`,
  },
  {
    titles: [
      'Lunch on {day}',
      'Bread that does not rise',
      'Catering for {number} people',
      'Soup of the week',
    ],
    system: 'You are a cook with patience for beginners. Metric units, and say what can go wrong.',
    dialogue: `
a: My sourdough stays as flat as a plate. What am I doing wrong?
m: Two usual reasons: the starter is too young, or the dough is too cold. Put a spoon of starter into water: if it floats, it is ready. Then give the dough four to five hours at 24 degrees, with a fold every forty minutes during the first two.
a: It sank like a stone.
m: Feed it twice a day for three days, equal parts of flour and water, and try again on {day}.

a: Who is coming to lunch on {day}? I would make the lentil soup.
b: Me! And {number} from the design team who smelled it last time.
a: Then I bring the big pot. Somebody else brings bread, please.
b: Bread is mine.

a: How much rice do I need for {number} guests?
m: As a side dish reckon with 60 grams of dry rice for each guest, as a main course 100 grams. It triples its weight. Cook it in two pots if it is more than three kilos, otherwise the bottom burns before the middle is done.
a: Two pots it is.
b: And I have a rice cooker that nobody may touch but me.

b: The dishwasher on the second floor is full of somebody's thermos flasks again.
a: Those are mine, I have three children and no shame.
b: Then at least take them out when they are clean, {a}!

a: What can replace eggs in a cake for a colleague with an allergy?
m: For a moist cake 60 grams of apple sauce per egg, for a light one whisked chickpea water, about three tablespoons per egg. Ground linseed binds well but tastes of nuts. Bake it ten minutes longer at a slightly lower temperature.
a: Apple sauce sounds foolproof.
m: It is, unless the colleague is also allergic to apples. Ask.

a: I tried the pickled radish from the market in {city}. Life before it seems pale.
b: Sweet or sour?
a: Sour, with mustard seeds. I brought two jars and already regret sharing them.

a: Can you plan a menu for {number} people, half of them vegetarian, for about {amount}?
m: Starter: roasted carrots with yoghurt and cumin. Main: mushroom ragout with polenta, and for those who like a braised shoulder of lamb from the same oven. Dessert: pears in red grape juice. Everything can be made the day before; only the polenta wants ten minutes of attention.
b: I volunteer to taste the pears in advance.

a: Is it still safe to eat the soup from {day}?
b: Smell it, boil it, and if you have to ask twice, don't.
a: I asked three times.
b: There is your answer.
`,
  },
];

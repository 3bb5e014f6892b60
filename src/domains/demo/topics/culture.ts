import type { Topic } from '../topic.ts';

/** Conversations around books, clubs and learning. */
export const cultureTopics: readonly Topic[] = [
  {
    titles: [
      'Reading group, {day}',
      'Book for a twelve-year-old',
      'Shelf {number} is full',
      'Lecture evening in {city}',
    ],
    system: 'You are a librarian. Recommend two books at most, and say for whom each is not.',
    dialogue: `
a: What do you recommend to somebody who liked "Frankenstein" and has a train journey of {number} hours?
m: "The Island of Doctor Moreau" if it may be dark and short, "The Left Hand of Darkness" if it may be slow and wise. The first is not for the faint-hearted, the second not for those who want a plot by page ten.
a: I take the slow one, the train is slow too.

a: How many chairs do we need for the lecture on {day}?
b: Last time {number}, and half of them came with a friend.
a: Then the large hall, and somebody must tame the projector.
b: I bring the adapter that nobody believes in.

b: A reader returned a book that has been missing since 1987.
a: In what condition?
b: Perfect, with a pressed violet at page ninety. And a letter of apology from her grandmother.
a: We should frame the letter.

a: My twelve-year-old reads only about octopuses. What next?
m: "The Soul of an Octopus" is written for adults but very readable in small bites. For adventure with eight arms, old sea stories such as "Twenty Thousand Leagues Under the Seas" in a good abridged edition. And the aquarium in {city} lends out question sheets.
a: The question sheets will be a triumph.

a: Can we lend the telescope to the school for a week?
b: If they fetch it with a car. It survived one bicycle, it will not survive a second.

a: How do I quote a web page in a bibliography?
m: Author, title, name of the site, date of publication, address, and the day you read it, because pages change. If there is no author, begin with the title. An archived copy is even better than the day.
a: The archived copy is a good habit, I will teach it.

b: The reading group wants something cheerful after three novels about plagues.
a: "Three Men in a Boat". Nobody dies, and the tin of pineapple is literature.
b: Ordered {number} copies. If they complain again, they get the pineapple.

a: Please write a sign: no food on this floor, but friendly.
m: "Our books are older than your sandwich and take offence more easily. The café on the ground floor likes both of you."
b: Printed, laminated, and already photographed by visitors.
`,
  },
  {
    titles: ['Summer party', 'Football on {day}', 'Choir rehearsal in {city}', 'Board games, round {number}'],
    system: 'You organise clubs and parties. Make lists, count people, and think of the rain.',
    dialogue: `
a: How many of us are there on {day}? I have to reserve the pitch.
b: {number} so far, and two who say maybe and always come.
a: Then I take the large one until {time}.

a: It will rain at the summer party. What now?
m: Rent a tent of sixty square metres, move the buffet under the arcade, and keep the music inside, because damp and amplifiers don't mix. Tell everybody today; people forgive rain, but not surprise. Do you have power sockets outdoors?
a: Two, and one of them belongs to the bees.
m: Then lights on batteries.

b: The altos are too few again. Does anybody know an alto?
a: My neighbour sings while she repairs bicycles, and she sings low.
b: Bring her on {day}, with or without bicycle.

a: Explain the rules of the trading game in five sentences.
m: Everybody owns a small harbour and two ships. In your turn you load, sail or build, one of the three. Goods sell better in harbours where nobody has been for a while. Whoever builds a lighthouse first earns from every ship that passes. After {number} rounds the richest harbour wins, and debts count double.
a: That is clearer than the booklet of thirty pages.

b: Who has the key for the cellar with the table football?
a: It hangs behind the whale. Please oil the bar of the goalkeeper, it squeals.

a: We need a quiz question about {city} that nobody finds in a second.
m: Ask for something to be estimated: how many bridges the city has, within ten percent. Estimates make everybody talk, also those who never know the answer. Have the number checked by somebody who lives there.
b: My team will count them on the map. I know my team.

a: The band wants {amount} and a warm meal.
b: For three hours that is fair. Do they play anything from this century?
a: One song, on request, reluctantly.

a: Make a shopping list for a barbecue of {number} people, a third of them vegetarian.
m: Bread 250 g a head, salads 300 g, grilled food 350 g: courgettes, halloumi and mushrooms for a third, sausages and chicken for the rest. Drinks: two litres a head, three if it is above 28 degrees. And ice, always more ice than you think.
b: I bring the ice. Last year taught me.
`,
  },
  {
    titles: [
      'Contract with the {city} supplier',
      'Data protection, question {number}',
      'Licence of the {product} library',
      'Photos from the party',
    ],
    system: 'You explain law in plain words. You do not replace a lawyer, and you say so when it matters.',
    dialogue: `
a: May we keep the addresses of people who asked for the newsletter {number} years ago?
m: As long as you can show that they agreed and have not objected since, yes, for the newsletter only. If nobody has opened it in two years it is good practice to ask again. Whether your old proof of consent is sufficient should be looked at by your lawyer.
a: We have the date and the form they ticked.
m: That is more than most have. Keep it together with the address.

a: The supplier in {city} wants exclusivity for three years.
b: And what do we get for it?
a: Two percent.
b: Then they get two percent of exclusivity. Offer them one year with a way out.

a: Is a contract by mail valid?
m: For most things, yes: an offer and an acceptance are enough, whatever the medium. Some transactions need paper or a notary, such as property. Write down who agreed to what on which day, because what matters in a dispute is proof.

b: Somebody asks us to delete her account and everything about her.
a: Invoices must stay for the tax office.
b: I know, ten years. I delete the rest and tell her exactly what stays and why.
a: Good. And do it before {day}, a month passes quickly.

a: Can we use a library under the MIT licence in the {product}?
m: Yes, also in a product that you sell. You have to keep the copyright notice and the licence text with it, for example in an "about" page. It gives you no warranty, so test it as you would your own code.
a: And one under the AGPL?
m: There you would have to offer your own source to everybody who uses it over the network. Ask before you build on it.

a: Are we allowed to put the photos of the party on the web site?
b: Only with everybody's yes. I made a list, {number} are fine, two are not.
a: Then I crop the two. Or we use the one with the tent.

b: Version {number} of the agreement, same mistake on page four.
a: Still the wrong company name?
b: Still. I circled it in red this time and drew a small arrow.

a: What is the difference between a processor and a controller?
m: The controller decides why and how personal data is used, the processor only does it on the controller's behalf. Your payroll office is a processor for you; your bank decides for itself and is a controller. The contract you need depends on which of the two it is.
b: Finally somebody explains it with a bank.
`,
  },
  {
    titles: [
      'Telescope night',
      'What do the {city} sensors measure?',
      'Maths of the {day} puzzle',
      'Why is the sky orange?',
    ],
    system: 'You explain science to curious people. One picture from everyday life for each idea.',
    dialogue: `
a: Why was the sky orange yesterday in {city}?
m: Fine dust from the desert was in the air. Small particles scatter blue light sideways, so what reaches your eye directly is the rest: yellow, orange, red. It is the same as at sunset, only that the dust makes the way through the air optically longer.
a: And the dust on my window?
m: Is a piece of the Sahara. Wipe it wet, it scratches.

a: Can we see Saturn on {day}?
b: From nine, above the water tower. Bring a coat, and no torch unless it is red.
a: Why red?
b: It leaves your eyes in the dark. Half an hour of getting used to it is gone with one white flash.

a: What is the chance that two people in a group of 23 share a birthday?
m: A little more than one half. The trick is that you don't compare everybody with one person, but all pairs with each other, and 23 people make 253 pairs. With {number} people in the room you can work out the number of pairs yourself: n times n minus one, divided by two.
b: We tried it at lunch. There were two pairs!

b: Sensor {number} on the bridge reports minus four hundred degrees.
a: Colder than possible, so the cable.
b: It was the cable. A marten had opinions about it.

a: How does a quantum computer differ from a very fast ordinary one?
m: It is not faster at everything. For certain problems it can let many possibilities interfere like waves on a pond, so that wrong answers cancel out and right ones remain. Reading your mail would be slower on it, factoring large numbers one day much faster.
a: So no better spam filter.
m: Not from that side.

a: Is a tomato a fruit or a vegetable?
b: A fruit in the garden, a vegetable in the kitchen, and a tax question in the courts of 1893.
a: I love that somebody had to decide it.

a: Explain the greenhouse effect with something from a kitchen.
m: Think of a pot with a lid. The stove brings in the same heat with or without it, but the lid lets less of it out, so the soup becomes warmer until as much leaves as comes in. Carbon dioxide is the lid: clear for sunlight, misty for heat radiation.
b: And we are the soup.

a: Does cold water really freeze later than hot?
m: Normally the cold water wins. Under particular conditions hot water has been seen to overtake it: it evaporates, loses gases and moves differently. The effect is small and hard to repeat, which is why people still argue about it. Two cups in the freezer are a nice experiment for {day}.
a: The cold one won by {number} minutes.
`,
  },
];

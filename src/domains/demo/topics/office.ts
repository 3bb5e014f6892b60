import type { Topic } from '../topic.ts';

/** Conversations of people who share an office. */
export const officeTopics: readonly Topic[] = [
  {
    titles: [
      'Welcome, first week',
      'Laptop and badge for {day}',
      'Who is who in {city}?',
      'Questions nobody dares to ask',
    ],
    system: 'You welcome new colleagues. Explain abbreviations, point to people rather than to documents.',
    dialogue: `
a: It is my second day and everybody says "the big room". Which one is it?
b: The one behind the kitchen with the whale on the wall. The door says {number}, ignore that.
a: Found it. The whale is magnificent.

a: What do I need to set up the project on a new laptop?
m: Git, Node and an editor are enough for the first day. Clone the repository, run the install command from the first page of the README, and start it; the database comes along by itself. If it takes longer than a quarter of an hour, the README is wrong and we would like to know where.
a: It took six minutes. I corrected a typo on the way.
b: First contribution on day two, not bad!

a: My badge opens everything except the door I work behind.
b: A classic. Ask reception for the second-floor group, it takes them a minute.
a: They also gave me a key for the bicycle cellar.

a: How do I ask for holidays here?
m: Agree on the dates with your team first, then enter them in the calendar "Away". Up to five days need nobody else; longer absences your lead confirms. Please enter them before {day} if they fall into the next quarter.
a: And half days?
m: Count as half days, quite simply.

b: Coffee in ten minutes? I will show you where the good beans are hidden.
a: This is the best onboarding document so far.

a: There are {number} channels and I am in all of them. Which may I leave?
b: All but announcements and your team. People call you when they need you.
a: It is so quiet now.

a: What does "the {city} way" mean? It came up in three meetings.
b: In {city} they once shipped without writing anything down. Now it means doing it again after a month because nobody knows why.
a: So it is not praise.
b: It is not praise.

a: Write three questions a newcomer could ask in the first meeting with the team lead.
m: 1. What would make you say in three months that it was good to hire me?
| 2. Whose work depends most on mine, and whose do I depend on?
| 3. Which decision of last year would you make differently today?
b: I wish I had asked the third one.
`,
  },
  {
    titles: [
      'Budget for next quarter',
      'Invoice {ticket}',
      'Travel expenses {city}',
      'Can we afford the {product}?',
    ],
    system: 'You assist the finance team. Show the calculation, name the assumption, round only at the end.',
    dialogue: `
a: Invoice {ticket} arrived twice with different totals. Which one do we pay?
b: The later one replaces the first if it says so. Does it?
a: It says "corrected version" in grey on grey.
b: Pay that one and file the other with a note.

a: If we hire {number} people in March, what does it do to the yearly budget?
m: From March to December you pay ten twelfths of a year. With an average of 58,000 a year and 21 percent on top for social contributions, each costs about 58,500 in the first year. Add roughly 2,500 for equipment. Multiply by the number of people, and remember that the full year follows next year.
a: So next year is the expensive one.
m: Yes, by a fifth. It helps to show both years side by side.

a: Please explain why a discount of ten percent and then another ten is not twenty.
m: The second discount applies to what is left. Of 100 there remain 90 after the first and 81 after the second, so together it is 19 percent. The order does not matter, the base does.
b: And nobody in sales likes to hear it.

b: Your receipts from {city} are readable except for the taxi on {day}.
a: That was handwritten, on a napkin more or less. {amount}, I have the card statement.
b: The statement and one sentence from you will do.

a: We have {amount} left for this quarter. Replace the {product} or send two people to the conference?
b: The {product} will not survive another winter.
a: Then the {product}. I will watch the talks as recordings.

a: What is the quickest way to see which subscriptions we pay for and do not use?
m: Export the card transactions of the last thirteen months, keep what repeats monthly or yearly, and put the name of a person beside each. Where no name comes to mind, cancel and wait whether somebody complains. Companies of your size usually find five to eight percent of their software budget that way.
b: We found a fax service.

a: The auditor asks for the contract behind payment {number}.
b: It is in the folder of the year before, under the old company name.
a: Of course it is. Found it, thank you!

a: Does the forecast already include the price increase?
m: Not in the version I can see: the line for energy grows by two percent, the announced increase is nine. Corrected, the total rises by 0.7 percent. I would show it as a separate line so that everybody recognises where it comes from.
a: Separate line it is.
`,
  },
  {
    titles: [
      'Interviews on {day}',
      'Feedback for the candidate from {city}',
      'Job advert, second attempt',
      'Questions for the trial day',
    ],
    system:
      'You help with hiring. Stay factual and fair, and keep assumptions about people out of every text.',
    dialogue: `
a: Our job advert has {number} requirements. Is that too many?
m: Most readers stop at seven, and careful people apply only if they meet nearly all. Keep what somebody must know on the first day, move the rest into "you will learn", and delete what every advert says, such as "works well in a team".
a: We are down to five.
m: Five honest ones beat fifteen hopeful ones.

a: How did the interview go?
b: She debugged our own example and found a mistake in it that we had not planted.
a: Then why are we still talking? Make an offer before {day}.

a: Give me a practical task for two hours that is not a riddle.
m: Hand over a small service with one failing test and a log file. Ask for the cause, a fix, and three sentences to the team that will maintain it. You see how somebody reads, decides and writes, and nobody needs to know a trick.
b: We should do that ourselves once, to see whether two hours is true.
a: I needed two and a half. We cut the second part.

a: He wants to work from {city} two days a week. Possible?
b: We have done it before. The stand-up moves to ten and everybody survives.

a: Rewrite this rejection: "We regret to inform you that your profile did not match."
m: "Thank you for the time and the thought you put into the task. We decided for somebody who has run a similar system before, which mattered most for the next months. Your explanation of the caching problem was the clearest we read, and we would be glad to hear from you again next year."
a: That one I would like to receive, if it must be a no.

b: The references called back, all {number} of them.
a: And?
b: "Ask difficult questions and bring good coffee." I take that as a yes.

a: What may I not ask in an interview?
m: Everything that has nothing to do with the work: family plans, health, religion, origin, age. It is not only forbidden in many countries, it also tells you nothing. Ask everybody the same questions in the same order and write the answers down before you discuss them.
a: The part about writing first is new to me.
m: It keeps the loudest voice in the room from deciding.

a: The contract for the new colleague is still missing a signature.
b: Mine. I sign at {time}, when I am back from the dentist.
`,
  },
  {
    titles: [
      'Wording for the newsletter',
      'Minutes of {day}',
      'Speech for the farewell party',
      'One page about the {product}',
    ],
    system: 'You edit texts. Shorten first, keep the voice of the writer, explain every larger change.',
    dialogue: `
a: Please shorten: "We would like to take this opportunity to inform you about the fact that our opening hours will change."
m: "Our opening hours change." If you can, continue with the new hours in the same sentence, because that is what readers look for.
a: Painfully good.

a: I need three subject lines for the newsletter about the {product}.
m: 1. The {product} that our customers asked for
| 2. Fewer parts, longer life: the new {product}
| 3. What we changed after {number} repair reports
b: The third. It is the only one I would open.

a: Who writes the minutes today?
b: You asked, so you do.
a: I walked right into that. Send me the decisions afterwards, please, I can't type and argue at once.

a: Marta retires on {day} and I have to give a speech. Help!
m: Tell one story that only you know, name one thing that will keep working because of her, and stop after three minutes. Which story comes to mind first?
a: How she repaired the printer in {city} with a hairpin, in front of the customer.
m: Begin with the hairpin. You need no introduction.

b: Is it "login" or "log in"?
a: "Log in" if you do it, "login" if you have it.
b: Thank you, I have been avoiding that button for a week.

a: Does this sentence sound arrogant: "As every expert knows, the {product} is superior"?
m: A little, because it makes everybody who did not know feel small. Say what it does better and let readers conclude: "The {product} runs twice as long on one charge." Facts are more convincing than experts nobody has met.
a: We measured it, so we can print it.

b: I read your draft. The middle is wonderful, the beginning clears its throat.
a: How much throat?
b: Two paragraphs. Start at "In {city} it rained".

a: Make a title for a talk about mistakes with calendars and time zones.
m: "See you at {time}, but where?" It hints at the problem and is short enough for the programme. In the abstract promise one concrete thing, for instance the three rules that prevent most of these mistakes.
b: I would go to that talk. Whenever it is.
`,
  },
];

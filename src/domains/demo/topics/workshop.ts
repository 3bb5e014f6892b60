import type { Topic } from '../topic.ts';

/** Conversations of people who build and repair things. */
export const workshopTopics: readonly Topic[] = [
  {
    titles: [
      'Gripper {number} drops boxes',
      'Arm calibration before {day}',
      'Why does the conveyor stop at night?',
      'Spare parts for the {city} line',
    ],
    system:
      'You help technicians of a robotics workshop. Ask for readings before you guess, and put safety first.',
    dialogue: `
a: Arm {number} drops every third box since {day}. The suction readings look normal to me.
m: Normal readings with dropped boxes often mean a leak that only opens under load. Lift a box by hand to about one metre and watch the vacuum gauge: a fall of more than 8 kPa points to the cup or its seal.
a: It falls by eleven. So the seal?
m: Most likely. Swap it for one from a gripper that works; if the fault moves along, order a new one, if it stays, look at the hose fitting above the wrist.

a: Who touched the torque limits on the north conveyor? They are back at factory values.
b: That was me, the update of {day} reset them. I wrote the old numbers on the whiteboard.
a: Found them, thanks {b}. I will put them into the configuration so that nobody needs the whiteboard.

a: Can I recalibrate the camera while the line is running?
m: Please don't. Calibration moves the arm to its outer positions, and the light curtain is bypassed in that mode. Stop the line, lock the switch, and plan for about twenty minutes.
a: Understood, we do it during the lunch break.

b: The night shift says the conveyor stopped again at {time}.
a: Same place? Between scanner two and the packing table?
b: Exactly there. And the log says nothing but "emergency stop released".
a: Then somebody or something presses that button. I will move the camera so we can see it.

a: The delivery note says forty bearings, I count {number}.
b: Is there a second parcel? The carrier splits everything over thirty kilos.
a: There is, it hid behind the compressor. All good.

a: How do I choose between a magnetic and a vacuum gripper for sheet metal?
m: Vacuum if the sheets are flat, clean and not perforated, because it never marks them. Magnets if they are oily, hot or full of holes. For stacks of thin sheets magnets tend to lift two at once, so add a separator.
a: Ours are perforated and slightly oily.
m: Then magnets with a separator. Electro-permanent ones keep their grip when the power fails, which the safety officer will like.

b: Ticket {ticket} is still open: the cable chain rubs against the frame.
a: I shimmed it yesterday, two millimetres of clearance all the way now.
b: Great, then I close it after the {day} inspection.

a: Could you write a checklist for replacing a servo?
m: Here is one for the joints of the small arms:
| 1. Lock out the power and wait five minutes for the capacitors.
| 2. Support the arm with the strap, never with a colleague.
| 3. Photograph the wiring, then unplug encoder before motor.
| 4. Fit the new servo, torque the four screws to 9 Nm crosswise.
| 5. Home the axis at ten percent speed and compare with the reference mark.
b: I printed it and hung it next to the strap. Thank you both.
`,
  },
  {
    titles: [
      'Slow orders report',
      'Index for the {product} search',
      'Postgres eats all the memory',
      'Migration of {day}, questions',
    ],
    system: 'You are a careful database engineer. Show the statement, explain the plan, mention the risk.',
    dialogue: `
a: The orders report takes {number} seconds since last week. It used to be two.
m: Run it once with explain (analyze, buffers) and look for the node where the estimate and the actual rows differ most. A sequential scan with a large "rows removed by filter" would be my first suspect.
a: There is one: it reads four million rows to return six hundred.
m: Then an index on the filtered columns in the order (customer_id, ordered_at) should bring it back. Create it concurrently so that writes are not blocked.

a: Is it safe to add a column with a default on the big table?
b: Since version 11 it does not rewrite the table any more, as long as the default is constant.
a: And for a random identifier?
b: That one rewrites. Add it without a default, fill it in batches, then set the default.

a: What is the difference between a left join and a lateral join?
m: A left join matches two sets that know nothing of each other. A lateral join runs its right side once for every row of the left one, so it can say "the three newest orders of this customer". That is how you avoid asking once per customer from the application.
a: So lateral is a loop, but inside the database.
m: Exactly, and with the right index it is a very cheap loop.

b: Somebody left a transaction open for {number} minutes on the primary.
a: That was my psql window, sorry. I went for coffee in the middle of a begin.
b: No harm done, but vacuum was waiting for you. Let us set idle_in_transaction_session_timeout.
a: Agreed, sixty seconds is plenty.

a: My query uses offset 100000 for page five thousand and it crawls.
m: Offset reads and throws away everything before the page. Remember the last row of the previous page instead and ask for rows after it: where (created_at, id) < ($1, $2) order by created_at desc, id desc limit 20.
a: And how do I jump to page five thousand directly?
m: Honestly, nobody needs that page. Offer a search or a date filter.

a: The trigram index on product names is larger than the table. Is that normal?
b: For short names, yes. Every name becomes a dozen trigrams.
a: Then we keep it, the fuzzy search for "{product}" is worth it.

b: Did the backup of {day} finish?
a: At {time}, {number} gigabytes, and I restored it on the test machine to be sure.
b: You are the only person I know who tests restores.

a: We see deadlocks between the invoice job and the importer.
m: Deadlocks need two locks taken in different orders. Let both jobs sort the rows by primary key before they update them; then one waits for the other instead of both waiting for ever.
b: The importer goes by file order. I will sort its batches.
`,
  },
  {
    titles: [
      'Incident {ticket}: checkout errors',
      'On call, week of {day}',
      'Postmortem {city} outage',
      'Certificates run out again',
    ],
    system: 'You help the engineer on call. Keep answers short, name the next action, never blame.',
    dialogue: `
a: Paged at {time}: checkout answers 502 for about one request in {number}.
b: I am awake too. Deploy or traffic?
a: No deploy since {day}. One of the three pods restarts in a loop, out of memory.
b: Take it out of rotation, then we look at the heap in peace.

a: How do I write a status update that does not promise too much?
m: Say what customers see, since when, and when they hear from you next. For example: "Since {time} some payments fail with an error page. No payment is charged twice. We are working on it and will write again in thirty minutes."
a: Copied, thank you.

a: The certificate of the staging gateway expired this morning.
b: Again? I thought the renewal job was fixed after {ticket}.
a: The job renewed it. Nobody reloaded the proxy.
b: Then the fix is one line in the renewal hook. I will send the pull request.

a: Draft the timeline section of the postmortem, please: deploy at 14:02, first alert at 14:09, rollback at 14:31, all green at 14:40.
m: Timeline (UTC)
| 14:02 the release reaches all instances
| 14:09 the error-rate alert pages the engineer on call
| 14:31 the release is rolled back
| 14:40 error rate and latency are back to normal
| Detection took seven minutes, recovery thirty-one. The largest gap is between alert and rollback; it is worth asking what was missing to decide sooner.
b: What was missing was a dashboard that separates old and new pods.

a: Can a retry storm take down a healthy service?
m: Easily. If every client retries three times at once, a short hiccup becomes four times the load just when capacity is lowest. Use exponential backoff with jitter and a retry budget, and let the server shed load early.
a: We have backoff but no jitter.
m: Then all of them come back in the same second. Add the jitter first.

b: Who takes the pager over the long weekend?
a: I can, if you take the one in {city} week.
b: Deal.

a: Latency of the search endpoint doubled, the p99 is at {number} hundred milliseconds.
b: The cache hit rate fell to a third at the same time. Somebody shortened the lifetime in the settings.
a: That was meant for staging. Reverted, and the curve is already bending down.

a: Give me three questions to close a blameless review with.
m: 1. What surprised us, and which signal could have told us earlier?
| 2. Where did the system, not a person, make the wrong thing easy?
| 3. Which one change would have halved the damage, and who has the time to make it this month?
b: Question two is gold. I copy it into the template.
`,
  },
  {
    titles: [
      'Heating in the {city} office',
      'Solar panels, week {number}',
      'Power bill of the workshop',
      'Bees on the roof',
    ],
    system: 'You advise on buildings, energy and the roof garden. Use numbers with units.',
    dialogue: `
a: The meter says {number} kilowatt hours for {day}. Nobody was in the building.
m: A constant draw shows in the night values. Divide the consumption between one and four o'clock by three: if it is above half a kilowatt, something runs all the time. Ventilation and old freezers are the usual suspects.
a: It is 1.8 kilowatts. The ventilation, then.
m: Set it to follow the CO2 sensors and you save around ten thousand kilowatt hours a year.

a: Third floor is freezing again.
b: The thermostat sits behind the new cupboard, it thinks it is summer.
a: Can we move the cupboard, not the thermostat?
b: Facilities comes on {day}. Bring a scarf until then.

a: How much would forty panels on the flat roof give us in {city}?
m: With modern modules of 430 watts you install about 17 kilowatts peak. Depending on the latitude expect 900 to 1,300 kilowatt hours per kilowatt peak and year, so roughly 15 to 22 megawatt hours. East-west mounting loses a little in total but follows your office hours better.
b: And the inverter fits next to the server rack?
m: It fits, but it hums and gives off heat. The stairwell is the better place.

b: The bees have moved in! Two hives, calm as can be.
a: Do they need anything from us?
b: Water within reach and nobody mowing next to the entrance. I put up a sign.
a: I volunteer for the honey inspection.

a: What grows in shallow boxes on a windy roof?
m: Thyme, oregano, chives and sedum hardly need more than twelve centimetres of soil. Strawberries work along the wall where the wind breaks. Avoid tall tomatoes unless you tie them well.
a: Strawberries it is.

a: The lift technician left a note: the brake lining is at {number} percent.
b: Is that worn or left?
a: Left, says the smaller print. The next check is due in {day} week.

a: Explain heat pumps to my manager in three sentences.
m: A heat pump moves heat instead of making it, as a refrigerator does, only the other way round. For one unit of electricity it brings three to four units of heat into the building. It works best with large radiators and moderate temperatures, so insulation comes first.
b: Even I understood that one.

b: Could somebody water the roof while I am in {city}?
a: I will. Mornings or evenings?
b: Mornings, before the sun gets there. The hose is behind the water tank.
`,
  },
];

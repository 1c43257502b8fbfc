// A text to try the page with: prose, a table and code, with something to ask about.
export const SAMPLE = `# The harbour office's handbook

## Arrivals

A ship that wants to enter calls the office on channel 12, two hours before the pilot station. She gives her name, her
draught and her last port. The office answers with a berth and a time. A ship that has not called waits at anchor, and
pays the waiting rate from the third hour on.

Pilots board at the fairway buoy. From 1 October to 31 March they board at the inner buoy when the wind is above seven,
and the office says so on channel 12 at six in the morning and at six in the evening.

| berth | length | draught | crane | for             |
|-------|--------|---------|-------|-----------------|
| N1    | 180 m  | 9.5 m   | 40 t  | general cargo   |
| N2    | 220 m  | 11.0 m  | 65 t  | containers      |
| S1    | 140 m  | 7.2 m   | none  | fishing, yachts |
| S4    | 260 m  | 12.5 m  | 80 t  | bulk, ore       |

## Dues

Dues are paid by gross tonnage. The clerk works them out with the rule that the council passed in 2019:

    def work_out_dues(gross_tonnage, days, is_regular):
        rate = 0.34 if gross_tonnage < 5000 else 0.29
        dues = gross_tonnage * rate * max(days, 1)
        return dues * 0.85 if is_regular else dues

A regular is a line that came at least twelve times in the year before. The reduction is asked for in January, with form
H-218, at the desk on the ground floor; Mrs Okonjo keeps the list.

## When something happens

Spills are told to the duty officer at once, on channel 16 or at extension 4471, whoever caused them. The boom is kept in
shed 3; its key hangs in the guard's room behind the tide tables. The tug *Perseverance* lays it out. Nobody pumps
before she is on the spot.

| what           | who is told         | channel | within     |
|----------------|---------------------|---------|------------|
| spill          | duty officer        | 16      | at once    |
| collision      | duty officer, coast | 16      | at once    |
| lost anchor    | pilot station       | 12      | an hour    |
| lost cargo     | coast guard         | 16      | at once    |
| damaged quay   | clerk of works      | 12      | a day      |
| sick on board  | port doctor         | 12      | an hour    |

Fog: below 500 metres the port is closed for ships above 100 metres. Ferries sail at half speed, and sound every two
minutes. The horn on the north mole is tested on the first Monday of each month at noon.

## Ice

In an ordinary winter the inner basin freezes twice. The breaker *Anna* leaves berth S1 at five and clears the way to the
fairway buoy and back; ships follow her in the order in which they called, not in the order of their size. Whoever passes
her is fined 1,200 and goes to the end of the line. When the ice is thicker than 25 centimetres the office closes S4,
whose fenders are of wood, and moves its ships to N2.

## Waste and water

Waste is taken from seven to three on working days, at the red shed behind N1. Oil, paint and batteries are signed for;
the slip, W-17, is kept for five years. Fresh water costs 4.10 a ton on weekdays and 5.60 on Sundays. The meter is read
by both sides, before and after, and the lower figure holds if they differ by less than two tons.

## Visitors

Visitors come by the east gate, with a name that the ship has given a day before. Children under twelve are not let on
N1 and N2 while a crane is moving. Photographs are allowed everywhere but at the customs house. The last bus to the town
leaves the gate at 22:40, on Fridays and Saturdays at 0:10; it waits for a crew that has called extension 4409.
`;

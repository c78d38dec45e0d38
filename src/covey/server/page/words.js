// How numbers, groups and events are said.

const NUMBERS = new Intl.NumberFormat("en");

/** 12,345 */
export const number = (value) => NUMBERS.format(value);

/** "1 item", "2,000 items" */
export function count(value, one, many = `${one}s`) {
  return `${number(value)} ${value === 1 ? one : many}`;
}

/** "62 %"; what is neither none nor all is never told as such. */
export function percent(share) {
  if (!Number.isFinite(share)) return "–";
  let whole = Math.round(100 * share);
  if (share > 0 && whole === 0) whole = 1;
  if (share < 1 && whole === 100) whole = 99;
  return `${whole} %`;
}

/** A group by its name, or its number if it has none. */
export function groupName(group) {
  return group.name || `Group ${group.number}`;
}

/** What an item is called: its text, its id, or its number. */
export function itemName(item) {
  return item.text || item.id || `#${item.item}`;
}

/** "Group 12 (“seven”)" where only number and name are known. */
export function numbered(group, name) {
  return name ? `group ${group} (“${name}”)` : `group ${group}`;
}

/** "groups 1, 2 and 3"; of many the first ones. */
export function groupList(groups) {
  if (groups.length === 1) return `group ${groups[0]}`;
  const some = groups.slice(0, 6);
  if (groups.length > some.length) {
    return `groups ${some.join(", ")} and ${groups.length - some.length} more`;
  }
  return `groups ${some.slice(0, -1).join(", ")} and ${some.at(-1)}`;
}

const EVENTS = {
  merge: (a) => `Merged ${groupList(a.groups)} into ${a.into}`,
  split: (a) => `Split group ${a.group}: ${groupList(a.into)} came of it`,
  move: (a) => `Moved ${count(a.items.length, "item")} to group ${a.into}`,
  remove: (a) => `Took ${count(a.items.length, "item")} out of their groups`,
  "not same": (a) => `Said that ${groupList(a.groups)} differ`,
  name: (a) => (a.name ? `Named group ${a.group} “${a.name}”` : `Took the name of group ${a.group}`),
  hide: (a) => `${a.hidden ? "Hid" : "Showed"} group ${a.group}`,
  confirm: (a) => (a.confirmed ? `Confirmed group ${a.group}` : `Confirmed group ${a.group} no more`),
  reject: (a) => `Turned down a suggestion (${a.suggestion})`,
  undo: (a) => `Undid event ${a.event} (${a.kind})`,
  redo: (a) => `Did event ${a.event} again (${a.kind})`,
  add: (a) => `${count(a.count, "item")} came${a.source ? ` from ${a.source}` : ""}`,
  run: (a) => `Run ${a.run} grouped the items`,
};

/** An event of the journal in a sentence. */
export function eventWords(event) {
  try {
    return (EVENTS[event.kind] ?? (() => event.kind))(event.about ?? {});
  } catch {
    return event.kind; // of a later Covey, told some other way
  }
}

/** Groups that an event was about and that may be there. */
export function eventGroups(event) {
  const about = event.about ?? {};
  const found = [about.group, about.into, about.groups].flat(2);
  return [...new Set(found.filter(Number.isInteger))];
}

/** "14:05", or the day if it was not today. */
export function when(time) {
  const then = new Date(time);
  const today = then.toDateString() === new Date().toDateString();
  const clock = { hour: "2-digit", minute: "2-digit" };
  const day = { day: "numeric", month: "short", year: "numeric" };
  return then.toLocaleString("en-GB", today ? clock : { ...day, ...clock });
}

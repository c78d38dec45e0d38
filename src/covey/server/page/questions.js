// What the queue asks, what it shows for it, and what the answers do.

import { get } from "./api.js";
import { marks } from "./groups.js";
import { el } from "./dom.js";
import { openItem } from "./item.js";
import { face, picture, tileLabel } from "./tiles.js";
import { count, groupName, numbered } from "./words.js";

const SHOWN = 12;

const reject = (words) => (asked) => [words, "POST", "/v1/suggestions/reject", { key: asked.key }];

/**
 * By kind: words, `chance(share)`, `sides(suggestion)` gives two elements and what stands below them, `onSame` and
 * `onDifferent` give what `change` takes.
 */
export const QUESTIONS = {
  merge: {
    tab: "Same?",
    question: "Are these two groups the same?",
    chance: (share) => `${share} likely that they are.`,
    same: "Same", different: "Different",
    none: "No two groups look the same",
    sides: ({ groups }) => Promise.all(groups.map(groupSide)),
    onSame: ({ groups }) => [
      (answer) => `Merged ${groups[0]} and ${groups[1]} into group ${answer.event.about.into}.`,
      "POST", "/v1/groups/merge", { groups },
    ],
    onDifferent: ({ groups: [a, b] }) => [
      `Groups ${a} and ${b} differ.`, "POST", "/v1/groups/not-same", { a, b },
    ],
  },
  mixed: {
    tab: "Two in one?",
    question: "Are these two parts of one group the same?",
    chance: (share) => `${share} likely that they differ.`,
    same: "Same", different: "Different: split",
    none: "No group looks like two",
    async sides({ groups: [number], items }) {
      const { members } = await get(`/v1/groups/${number}/members`, { limit: 500 });
      const apart = new Set(items);
      const group = await get(`/v1/groups/${number}`);
      const inside = (part) => members.filter((each) => apart.has(each.item) === part);
      return [
        side(groupLink(group), `${count(group.size - items.length, "item")} of it`, inside(false)),
        side("The other part", count(items.length, "item"), await filled(inside(true), items)),
      ];
    },
    onSame: reject("It stays one group."),
    onDifferent: ({ groups: [number], items }) => [
      (answer) => `Split: ${count(items.length, "item")} are now group ${answer.event.about.into[0]}.`,
      "POST", `/v1/groups/${number}/split`, { parts: [items] },
    ],
  },
  outlier: {
    tab: "Elsewhere?",
    question: "Does this item belong to the other group?",
    chance: (share) => `${share} likely that it does.`,
    same: "Yes: move", different: "No: it stays",
    none: "Every item seems to be where it belongs",
    async sides({ groups: [own, other], items: [item] }) {
      const [about, its, target] = await Promise.all([
        get(`/v1/items/${item}`), groupSide(own), groupSide(other),
      ]);
      its.prepend(el("p.now", {}, "It is now in"));
      return [single(about), target, its];
    },
    onSame: ({ groups: [, group], items }) => [
      `Moved to group ${group}.`, "POST", "/v1/items/move", { items, group },
    ],
    onDifferent: reject("It stays where it is."),
  },
};

async function filled(found, items) {
  if (found.length) return found;
  return Promise.all(items.slice(0, SHOWN).map((item) => get(`/v1/items/${item}`)));
}

async function groupSide(number) {
  const [group, { members }] = await Promise.all([
    get(`/v1/groups/${number}`), get(`/v1/groups/${number}/members`, { limit: SHOWN }),
  ]);
  const about = [group.name ? `no. ${number} · ` : "", count(group.size, "item"), marks(group)];
  return side(groupLink(group), about, members);
}

function groupLink(group) {
  const about = numbered(group.number, group.name);
  return el("a", { href: `#/group/${group.number}`, "aria-label": about }, groupName(group));
}

function side(title, about, items) {
  return el("section.side", {}, el("h3", {}, title), el("p.soft", {}, about),
    el("div.faces", {}, ...items.slice(0, SHOWN).map((item) => el("button.face", {
      "aria-label": tileLabel(item), onclick: () => openItem(item.item),
    }, face(item)))));
}

function single(item) {
  return el("section.side.single", {}, el("h3", {}, item.id),
    item.has_picture ? picture(item, { size: 640, alt: item.text || item.id }) : el("p.text", {}, item.text || item.id));
}

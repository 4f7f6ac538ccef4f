// What a card's number, date and code look like, and whether they can be right. Pure: no page, no clock.
// A check answers the name of what is wrong ("empty", "incomplete", "wrong", "past"), or null.

/** The digits in a text. Full-width digits count, so that any keyboard will do. */
export const digits = (text) => text.normalize("NFKC").replace(/\D/g, "");

const BRANDS = [
  { name: "Visa", starts: /^4/, lengths: [13, 16, 19] },
  { name: "Mastercard", starts: /^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, lengths: [16] },
  { name: "American Express", short: "Amex", starts: /^3[47]/, lengths: [15], groups: [4, 6, 5], code: 4 },
  { name: "Dankort", starts: /^5019/, lengths: [16] },
  { name: "Maestro", starts: /^(50|5[6-9]|6304|6759|676[1-3])/, lengths: [12, 13, 14, 15, 16, 17, 18, 19] },
  { name: "Diners Club", short: "Diners", starts: /^3(0[0-5]|[689])/, lengths: [14], groups: [4, 6, 4] },
  { name: "JCB", starts: /^35(2[89]|[3-8])/, lengths: [16, 17, 18, 19] },
  { name: "Discover", starts: /^(6011|64[4-9]|65)/, lengths: [16, 17, 18, 19] },
  { name: "UnionPay", starts: /^62/, lengths: [16, 17, 18, 19] },
];
const ANY = { name: "", lengths: [12, 13, 14, 15, 16, 17, 18, 19] };

/** The brand that a number begins like; its name is "" when it is none we know. */
export const brandOf = (number) => BRANDS.find((brand) => brand.starts.test(digits(number))) ?? ANY;

/** How many digits the code of such a card has. */
export const codeLength = (number) => brandOf(number).code ?? 3;

/** `4000000000000002` as it stands on the card: groups of four, or the brand's own. */
export function formatNumber(text) {
  const brand = brandOf(text);
  const number = digits(text).slice(0, Math.max(...brand.lengths));
  const parts = [];
  let at = 0;
  for (const size of brand.groups ?? [4, 4, 4, 4, 3]) {
    if (at < number.length) parts.push(number.slice(at, at + size));
    at += size;
  }
  return parts.join(" ");
}

export function checkNumber(text) {
  const number = digits(text);
  if (number === "") return "empty";
  const { lengths } = brandOf(number);
  if (number.length < Math.min(...lengths)) return "incomplete";
  if (luhn(number) && lengths.includes(number.length)) return null;
  return number.length < Math.max(...lengths) && !lengths.includes(number.length) ? "incomplete" : "wrong";
}

/** The check digit that every card number ends in (ISO/IEC 7812-1, annex B). */
export function luhn(number) {
  let sum = 0;
  for (let place = 0; place < number.length; place++) {
    const digit = Number(number[number.length - 1 - place]);
    const doubled = place % 2 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/**
 * A date as MM/YY, from whatever is typed, pasted or filled in: `5`, `0530`, `12/2030`, `12 - 30`, `2030-12`.
 * While somebody deletes, nothing is added back.
 */
export function formatExpiry(text, deleting = false) {
  const turned = text.match(/^\s*(20\d\d)\D(\d{1,2})\s*$/);
  if (turned) return `${turned[2].padStart(2, "0")}/${turned[1].slice(2)}`;
  const split = text.normalize("NFKC").match(/^\s*(\d{1,2})\s*[^\d\s]\s*(\d*)/) ?? text.match(/^\s*(\d{1,2})\s+(\d+)/);
  let [month, year] = split ? [split[1], split[2]] : [digits(text).slice(0, 2), digits(text).slice(2)];
  if (deleting && !split) return month + (year ? `/${year.slice(0, 4)}` : "");
  if (!split && Number(month) > 12) [month, year] = [`0${month[0]}`, month[1] + year];
  if (month.length === 1 && (Number(month) > 1 || split)) month = `0${month}`;
  if (year.length >= 4 && year.startsWith("20")) year = year.slice(2, 4);
  else if (!year.startsWith("20")) year = year.slice(0, 2);
  const closed = split || month.length === 2;
  if (deleting && year === "") return month;
  return closed ? `${month}/${year}` : month;
}

/** `today`: the customer's own date. A card is good to the end of its month. */
export function checkExpiry(text, today) {
  if (text.trim() === "") return "empty";
  const found = text.match(/^(\d\d)\/(\d\d)$/);
  if (!found) return "wrong";
  const [month, year] = [Number(found[1]), 2000 + Number(found[2])];
  if (month < 1 || month > 12) return "wrong";
  if (year > today.getFullYear() + 30) return "wrong";
  return year * 12 + month < today.getFullYear() * 12 + today.getMonth() + 1 ? "past" : null;
}

export const formatCode = (text) => digits(text).slice(0, 4);

export function checkCode(text, number) {
  if (text === "") return "empty";
  return text.length === codeLength(number) ? null : "wrong";
}

// Returns a string of the page with values in its places; `count` decides between singular and plural.
function say(key, values = {}) {
  let found = key.split('.').reduce((group, name) => group[name], STRINGS);
  if (found.other) found = found[values.count === 1 ? 'one' : 'other'];
  return found.replace(/\{(\w+)\}/g, (_, name) => values[name].toLocaleString(STRINGS.language));
}

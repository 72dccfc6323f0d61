/** Whether a text in JSON nests lists and maps in more than `levels` levels. Only scans it: parsed, it would be large. */
export function isDeepJson(text: string, levels: number): boolean {
  let level = 0;
  let isString = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') isString = !isString;
    else if (isString) at += char === '\\' ? 1 : 0;
    else if (char === ']' || char === '}') level--;
    else if ((char === '[' || char === '{') && ++level > levels) return true;
  }
  return false;
}

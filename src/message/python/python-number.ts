/**
 * A finite number as Python writes it. JavaScript has one kind of number where Python has two: a safe
 * integer is written as an `int`, any other as a `float`, with Python's own bounds for the exponent
 * form (`1e-05`, `1e+16`). Both languages agree on the digits: the fewest that read back the same.
 */
export function pythonFloat(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  if (Number.isSafeInteger(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e16) {
    const text = String(value);
    return text.includes('.') ? text : `${text}.0`;
  }
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}

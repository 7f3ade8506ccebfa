/** A colour for each label and each person; it never says anything alone. */

/** Degrees, as far from each other as few labels can be. */
export const hueOf = (label: string, labels: string[]) => {
  const at = labels.indexOf(label)
  return Math.round(((at < 0 ? labels.length : at) * 137.5 + 150) % 360)
}

export const strong = (hue: number) => `light-dark(hsl(${hue} 60% 34%), hsl(${hue} 60% 68%))`
export const soft = (hue: number) => `light-dark(hsl(${hue} 70% 88%), hsl(${hue} 45% 27%))`

/** Patterns of the SSM model that several actions share. */

export const instanceIdPattern = /(^i-(\w{8}|\w{17})$)|(^mi-\w{17}$)/;
export const commandIdLimits = { min: 36, max: 36 } as const;

/** Where a migration from Redis to PostgreSQL stands. Neighbours may run side by side, and nobody else. */
export const PHASES = ['redis', 'dual-write', 'dual-read', 'postgres', 'done'] as const;

export type Phase = (typeof PHASES)[number];

export const indexOf = (phase: Phase): number => PHASES.indexOf(phase);

export const areNeighbours = (one: Phase, other: Phase): boolean => Math.abs(indexOf(one) - indexOf(other)) <= 1;

/** The side that is written first, decides, and answers. */
export const answersIn = (phase: Phase): 'redis' | 'postgres' => (indexOf(phase) < indexOf('postgres') ? 'redis' : 'postgres');

/** Every acknowledged write is on both sides, or marked to be brought there. */
export const keepsBoth = (phase: Phase): boolean => phase !== 'redis' && phase !== 'done';

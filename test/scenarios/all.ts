/** Every scenario, in the order in which they are played. */
import { changes } from './cases/changes.ts';
import { legs } from './cases/legs.ts';
import { outside } from './cases/outside.ts';
import { purchases } from './cases/purchases.ts';
import { spenders } from './cases/spenders.ts';
import type { Scenario } from './scenario.ts';

export const SCENARIOS: readonly Scenario[] = [...changes, ...legs, ...spenders, ...purchases, ...outside];

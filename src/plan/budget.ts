/** Counts down the choices that may still be looked at (not time: the same input gives the same answer), and remembers whether any search was cut short. */
export interface Budget {
	left: number;
	exact: boolean;
}

/** One choice; false when there is none left. */
export function spend(budget: Budget): boolean {
	if (budget.left <= 0) {
		budget.exact = false;
		return false;
	}
	budget.left -= 1;
	return true;
}

/** Counts down the choices that may still be looked at (not time: the same input gives the same answer), and remembers whether any search was cut short. */
export interface Budget {
	left: number;
	exact: boolean;
}

/** So many choices; false when there is none left. */
export function spend(budget: Budget, choices = 1): boolean {
	if (budget.left <= 0) {
		budget.exact = false;
		return false;
	}
	budget.left -= choices;
	return true;
}

/** What a route is called wherever it is named. */

interface Named {
	readonly bridge: string;
	readonly origin: string;
	readonly destination: string;
	readonly asset: string;
	/** What arrives. */
	readonly toAsset: string;
}

/** `<bridge>-<origin>-<destination>-<asset>`, and for a swap what arrives behind it; unique, and safe inside a queue name or a job id. */
export function routeId({ bridge, origin, destination, asset, toAsset }: Named): string {
	return [bridge, origin, destination, asset, ...(toAsset === asset ? [] : [toAsset])].join('-');
}

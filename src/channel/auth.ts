/** Who asks: an API key of Polymarket's CLOB with what proves it (docs.polymarket.com, authentication). */
export interface ChannelAuth {
	readonly apiKey: string;
	/** Base64, of either alphabet. */
	readonly secret: string;
	readonly passphrase: string;
}

/** What the other side says may repeat what it was told. */
export function withoutSecrets(text: string, { apiKey, secret, passphrase }: ChannelAuth): string {
	return [secret, passphrase, apiKey].reduce((rest, each) => (each === '' ? rest : rest.replaceAll(each, '[removed]')), text);
}

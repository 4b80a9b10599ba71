ALTER TABLE "effects" DROP CONSTRAINT "effects_status";--> statement-breakpoint
ALTER TABLE "effects" DROP CONSTRAINT "effects_past_intent_has_nonce";--> statement-breakpoint
DROP INDEX "effects_open";--> statement-breakpoint
ALTER TABLE "hops" ADD COLUMN "promised" jsonb;--> statement-breakpoint
ALTER TABLE "effects" ADD COLUMN "request_key" text;--> statement-breakpoint
ALTER TABLE "effects" ADD COLUMN "request" jsonb;--> statement-breakpoint
ALTER TABLE "effects" ADD COLUMN "request_until_ms" bigint;--> statement-breakpoint
ALTER TABLE "effects" ADD COLUMN "fee_paid" numeric(78,0);--> statement-breakpoint
CREATE UNIQUE INDEX "effects_request" ON "effects" USING btree ("request_key");--> statement-breakpoint
CREATE INDEX "effects_open" ON "effects" USING btree ("status") WHERE status in ('intended', 'reserved', 'signed', 'tracking', 'requested');--> statement-breakpoint
ALTER TABLE "effects" ADD CONSTRAINT "effects_nonce_or_request" CHECK (nonce is null or request_key is null);--> statement-breakpoint
ALTER TABLE "effects" ADD CONSTRAINT "effects_request_has_body" CHECK ((request_key is null) = (request is null));--> statement-breakpoint
ALTER TABLE "effects" ADD CONSTRAINT "effects_status" CHECK ("status" in ('intended', 'reserved', 'signed', 'tracking', 'requested', 'confirmed', 'reverted', 'cancelled', 'rejected', 'dropped'));--> statement-breakpoint
ALTER TABLE "effects" ADD CONSTRAINT "effects_past_intent_has_nonce" CHECK (status in ('intended', 'dropped') or nonce is not null or request_key is not null);--> statement-breakpoint
-- The same for a request: once its key has committed, what is asked for under it can never change.
CREATE FUNCTION ballast_freeze_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF OLD.request_key IS NOT NULL AND (OLD.request_key, OLD.request) IS DISTINCT FROM (NEW.request_key, NEW.request) THEN
		RAISE EXCEPTION 'effect % has request %: what it asks for is frozen', OLD.id, OLD.request_key;
	END IF;
	IF OLD.request_until_ms > NEW.request_until_ms OR (OLD.request_until_ms IS NOT NULL AND NEW.request_until_ms IS NULL) THEN
		RAISE EXCEPTION 'effect %: a call that was made cannot be taken back', OLD.id;
	END IF;
	RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER effects_frozen_request BEFORE UPDATE ON effects FOR EACH ROW EXECUTE FUNCTION ballast_freeze_request();

ALTER TABLE "effects" DROP CONSTRAINT "effects_status";--> statement-breakpoint
DROP INDEX "effects_request";--> statement-breakpoint
CREATE UNIQUE INDEX "effects_request" ON "effects" USING btree ("request_key") WHERE status <> 'lapsed';--> statement-breakpoint
ALTER TABLE "effects" ADD CONSTRAINT "effects_status" CHECK ("status" in ('intended', 'reserved', 'signed', 'tracking', 'requested', 'confirmed', 'reverted', 'cancelled', 'rejected', 'lapsed', 'dropped'));
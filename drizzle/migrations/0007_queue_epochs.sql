CREATE TABLE "queue_epochs" (
	"name" text PRIMARY KEY NOT NULL,
	"epoch" text NOT NULL,
	"again_at" timestamp with time zone
);

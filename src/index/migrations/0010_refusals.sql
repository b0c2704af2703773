-- Refused sign-ins and actions are kept up to a number; the oldest are deleted first.
CREATE INDEX events_refused ON events (id) WHERE action IN ('refuse', 'refuse-sign-in');

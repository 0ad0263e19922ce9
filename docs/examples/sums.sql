-- Sums of orders by minute and region: from a Kinesis stream to files in S3.
-- {{BONDSTORE_ENDPOINT}} is the front door as the application's cell sees it.
CREATE TABLE orders (
  id BIGINT, region STRING, amount BIGINT, moment TIMESTAMP(3),
  WATERMARK FOR moment AS moment - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kinesis', 'stream' = 'orders', 'aws.region' = 'us-east-1',
  'aws.endpoint' = '{{BONDSTORE_ENDPOINT}}', 'aws.credentials.provider' = 'AUTO',
  'scan.stream.initpos' = 'TRIM_HORIZON', 'format' = 'json'
);
CREATE TABLE sums (
  window_start TIMESTAMP(3), region STRING, orders BIGINT, amount BIGINT
) WITH (
  'connector' = 'filesystem', 'path' = 's3://acme-orders/sums', 'format' = 'json',
  'sink.rolling-policy.rollover-interval' = '1 s', 'sink.rolling-policy.check-interval' = '500 ms'
);
INSERT INTO sums
SELECT window_start, region, COUNT(*), SUM(amount)
FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(moment), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, region;

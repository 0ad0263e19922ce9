"""Writes 1,000 orders, five minutes of event time, into the stream `orders`."""
import datetime
import json
import random

import boto3

kinesis = boto3.client("kinesis")
start = datetime.datetime(2026, 1, 1)
dice = random.Random(1)
for batch in range(2):
    records = []
    for number in range(batch * 500, batch * 500 + 500):
        moment = start + datetime.timedelta(milliseconds=number * 300)
        order = {
            "id": number,
            "region": dice.choice(["asia", "eu", "us"]),
            "amount": dice.randint(1, 1000),
            "moment": moment.isoformat(sep=" ", timespec="milliseconds"),
        }
        records.append({"Data": json.dumps(order).encode(), "PartitionKey": str(number)})
    answer = kinesis.put_records(StreamName="orders", Records=records)
    print(len(records) - answer["FailedRecordCount"], "orders written")

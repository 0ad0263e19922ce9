import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DisableKeyCommand, EnableKeyCommand, RotateKeyOnDemandCommand } from "@aws-sdk/client-kms";
import { type EncryptionPlace, startEncryption, told } from "../support/encryption.ts";
import { python, tryEncryptionCli } from "../support/python.ts";

/** What every script begins with. */
const prelude = (place: EncryptionPlace) => `
import boto3, json
place = json.loads(${JSON.stringify(told(place))})
key, other, region = place["key"], place["other"], place["region"]
theirs = boto3.Session(aws_access_key_id=place["nobody"]["accessKeyId"], aws_secret_access_key=place["nobody"]["secretAccessKey"])
kms = boto3.client("kms")
text, context = b"four windows of June" * 1000, {"tenant": "acme"}
out = {}
def look(name): return [json.loads(event["CloudTrailEvent"]) for event in boto3.client("cloudtrail").lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}])["Events"]]
# Not every client says why a key refused; the trail does.
def refused(call, *args, **named):
    try: call(*args, **named)
    except Exception: return look("Decrypt")[0].get("errorCode", "refused by the client")
    return "nothing was refused"
`;

/** What comes out when a client keeps every promise: each script prints these, and what is its own. */
const kept = {
  opened: true,
  "moved context": "InvalidCiphertextException",
  disabled: "DisabledException",
  rotated: true,
  "not allowed": "AccessDeniedException",
};

const run = (place: EncryptionPlace, script: string) =>
  python(place.running, place.root, prelude(place) + script, "encryption-clients");

test("the Encryption SDK for Python, with its master keys, keeps to what the keys say", async (t) => {
  const place = await startEncryption(t);
  const script = `
import aws_encryption_sdk
from aws_encryption_sdk import CachingCryptoMaterialsManager, LocalCryptoMaterialsCache
client = aws_encryption_sdk.EncryptionSDKClient()
def provider(*keys, session=boto3.Session()):
    made = aws_encryption_sdk.StrictAwsKmsMasterKeyProvider(key_ids=keys, botocore_session=session._session, region_names=[region])
    return made
mine = provider(key)
sealed, header = client.encrypt(source=text, key_provider=mine, encryption_context=context)
opens = lambda with_, sealed=sealed: client.decrypt(source=sealed, key_provider=with_)[0] == text
out["opened"] = opens(mine)
out["moved context"] = refused(opens, mine, sealed.replace(b"acme", b"evil"))
kms.disable_key(KeyId=key)
out["disabled"] = refused(opens, mine)
kms.enable_key(KeyId=key)
kms.rotate_key_on_demand(KeyId=key)
out["rotated"] = opens(mine)
out["not allowed"] = refused(opens, provider(key, session=theirs))
both, _ = client.encrypt(source=text, key_provider=provider(key, other), encryption_context=context)
out["either opens"] = [opens(provider(one), both) for one in (key, other)]
out["discovery"] = opens(aws_encryption_sdk.DiscoveryAwsKmsMasterKeyProvider(), both)
cached = CachingCryptoMaterialsManager(master_key_provider=mine, cache=LocalCryptoMaterialsCache(10), max_age=600.0, max_messages_encrypted=2)
for _ in range(3): client.encrypt(source=text, materials_manager=cached, encryption_context={"cached": "yes"}, source_length=len(text))
out["asked for three"] = sum("cached" in json.dumps(event) for event in look("GenerateDataKey"))
print(json.dumps(out))`;
  assert.deepEqual(await run(place, script), {
    ...kept,
    "either opens": [true, true],
    discovery: true,
    "asked for three": 2,
  });
});

test("the Encryption SDK for Python, with keyrings of the material providers, does so too", async (t) => {
  const place = await startEncryption(t);
  const script = `
import aws_encryption_sdk
from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
from aws_cryptographic_material_providers.mpl.models import CreateAwsKmsDiscoveryKeyringInput, CreateAwsKmsKeyringInput, CreateMultiKeyringInput, DiscoveryFilter
client = aws_encryption_sdk.EncryptionSDKClient()
providers = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())
def ring(one, session=boto3): return providers.create_aws_kms_keyring(input=CreateAwsKmsKeyringInput(kms_key_id=one, kms_client=session.client("kms")))
mine = ring(key)
sealed, header = client.encrypt(source=text, keyring=mine, encryption_context=context)
opens = lambda with_, sealed=sealed, **more: client.decrypt(source=sealed, keyring=with_, **more)[0] == text
out["opened"] = opens(mine, encryption_context=context)
out["other context"] = refused(opens, mine, encryption_context={"tenant": "other"})
out["moved context"] = refused(opens, mine, sealed.replace(b"acme", b"evil"))
kms.disable_key(KeyId=key)
out["disabled"] = refused(opens, mine)
kms.enable_key(KeyId=key)
kms.rotate_key_on_demand(KeyId=key)
out["rotated"] = opens(mine)
out["not allowed"] = refused(opens, ring(key, theirs))
multi = providers.create_multi_keyring(input=CreateMultiKeyringInput(generator=mine, child_keyrings=[ring(other)]))
both, _ = client.encrypt(source=text, keyring=multi, encryption_context=context)
out["either opens"] = [opens(one, both) for one in (mine, ring(other), multi)]
def discovery(account, session=boto3): return providers.create_aws_kms_discovery_keyring(input=CreateAwsKmsDiscoveryKeyringInput(kms_client=session.client("kms"), discovery_filter=DiscoveryFilter(account_ids=[account], partition="aws")))
out["discovery"] = opens(discovery(key.split(":")[4]), both)
out["other account"] = refused(opens, discovery("999999999999"), both)
print(json.dumps(out))`;
  assert.deepEqual(await run(place, script), {
    ...kept,
    "other context": "refused by the client",
    "either opens": [true, true, true],
    discovery: true,
    "other account": "refused by the client",
  });
});

test("the DynamoDB Encryption Client for Python seals items under a key", async (t) => {
  const place = await startEncryption(t);
  const script = `
from dynamodb_encryption_sdk.encrypted import CryptoConfig
from dynamodb_encryption_sdk.encrypted.item import decrypt_python_item, encrypt_python_item
from dynamodb_encryption_sdk.identifiers import CryptoAction
from dynamodb_encryption_sdk.material_providers.aws_kms import AwsKmsCryptographicMaterialsProvider
from dynamodb_encryption_sdk.structures import AttributeActions, EncryptionContext
item = {"id": "4711", "tenant": "acme", "card": "4000-1234", "notes": ["fragile", {"floor": 3}]}
actions = AttributeActions(default_action=CryptoAction.ENCRYPT_AND_SIGN, attribute_actions={"id": CryptoAction.SIGN_ONLY})
def config(one, session=boto3.Session(), table="orders"):
    provider = AwsKmsCryptographicMaterialsProvider(key_id=one, botocore_session=session._session)
    return CryptoConfig(materials_provider=provider, encryption_context=EncryptionContext(table_name=table, partition_key_name="id", attributes={"id": {"S": "4711"}}), attribute_actions=actions)
sealed = encrypt_python_item(item, config(key))
opens = lambda how, sealed=sealed: decrypt_python_item(sealed, how) == item
out["sealed"] = [sealed["id"], "4000" in repr(sealed)]
out["opened"] = opens(config(key))
out["moved context"] = refused(opens, config(key, table="others"))
kms.disable_key(KeyId=key)
out["disabled"] = refused(opens, config(key))
kms.enable_key(KeyId=key)
kms.rotate_key_on_demand(KeyId=key)
out["rotated"] = opens(config(key))
out["not allowed"] = refused(opens, config(key, theirs))
print(json.dumps(out))`;
  assert.deepEqual(await run(place, script), { ...kept, sealed: ["4711", false] });
});

test("the command line of the Encryption SDK seals and opens files", async (t) => {
  const place = await startEncryption(t);
  const { running, root, nobody, kms, key: KeyId } = place;
  const file = (name: string) => join(running.data, name);
  writeFileSync(file("plain"), "four windows of June");
  const cli = (keys: typeof root, way: string, from: string, to: string, ...more: string[]) => {
    const files = [way, "--input", file(from), "--output", file(to), "--suppress-metadata"];
    return tryEncryptionCli(running, keys, ...files, "--wrapping-keys", `key=${KeyId}`, ...more);
  };
  const context = ["--encryption-context", "tenant=acme"];
  const must = async (...words: Parameters<typeof cli>) => {
    const { status, stderr } = await cli(...words);
    assert.equal(status, 0, stderr);
  };
  await must(root, "--encrypt", "plain", "sealed", ...context);
  assert.ok(!readFileSync(file("sealed")).includes("windows"));
  await kms.send(new RotateKeyOnDemandCommand({ KeyId }));
  await must(root, "--decrypt", "sealed", "opened", ...context);
  assert.equal(readFileSync(file("opened"), "utf8"), "four windows of June");
  const fails = async (keys: typeof root, from: string, why: RegExp, ...more: string[]) => {
    const { status, stderr } = await cli(keys, "--decrypt", from, "refused", ...more);
    assert.match(stderr, why);
    assert.ok(status !== 0 || !existsSync(file("refused")));
  };
  await fails(root, "sealed", /encryption context/i, "--encryption-context", "tenant=other");
  await fails(nobody, "sealed", /AccessDenied|unable to decrypt any data key/i);
  const moved = readFileSync(file("sealed"));
  moved.write("evil", moved.indexOf("acme"));
  writeFileSync(file("moved"), moved);
  await fails(root, "moved", /unable to decrypt any data key/i);
  await kms.send(new DisableKeyCommand({ KeyId }));
  await fails(root, "sealed", /unable to decrypt any data key/i);
  await kms.send(new EnableKeyCommand({ KeyId }));
  await must(root, "--decrypt", "sealed", "again");
  // Its own words do not say why the key refused; the trail does. Another context than asked for it finds out itself.
  assert.deepEqual(await place.events("Decrypt"), [
    "root:ok",
    "root:DisabledException",
    "root:InvalidCiphertextException",
    "nobody:AccessDeniedException",
    "root:ok",
    "root:ok",
  ]);
});

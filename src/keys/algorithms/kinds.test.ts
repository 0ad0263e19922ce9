import assert from "node:assert/strict";
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { systemRandom } from "../../lib/random.ts";
import { type KeySpecName, keySpecs, specOf } from "../key-specs.ts";
import type { Form, PrivateKey, PublicKey } from "./kind.ts";
import { generateMaterial, kindOfSpec, messageBytes } from "./kinds.ts";
import { generateRsa } from "./rsa.ts";

const hex = (digits: string) => Buffer.from(digits, "hex");
const form = (algorithm: string, type: Form["type"] = "RAW"): Form => ({ algorithm, type });

function openPrivate(spec: KeySpecName, material: Uint8Array, random = systemRandom): PrivateKey {
  return kindOfSpec(spec).openPrivate(spec, material, random);
}

function openPublic(spec: KeySpecName, spki: Uint8Array): PublicKey {
  const opened = kindOfSpec(spec).openPublic?.(spec, spki, systemRandom);
  assert.ok(opened);
  return opened;
}

/** A private key of 32 bytes as PKCS#8, and its public key. */
function pairOf(jwk: Readonly<Record<string, string>>) {
  const encoded = Object.entries(jwk).map(([name, value]) => [
    name,
    ["kty", "crv"].includes(name) ? value : hex(value).toString("base64url"),
  ]);
  const key = createPrivateKey({ key: Object.fromEntries(encoded), format: "jwk" });
  return {
    material: key.export({ format: "der", type: "pkcs8" }),
    spki: createPublicKey(key).export({ format: "der", type: "spki" }),
  };
}

test("MACs are those of RFC 4231, test case 2", () => {
  const macs: readonly (readonly [KeySpecName, string])[] = [
    ["HMAC_224", "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44"],
    ["HMAC_256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"],
    [
      "HMAC_384",
      "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
    ],
    [
      "HMAC_512",
      "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
    ],
  ];
  for (const [spec, expected] of macs) {
    const { mac } = openPrivate(spec, Buffer.from("Jefe"));
    const made = mac?.(Buffer.from("what do ya want for nothing?"));
    assert.equal(made?.toString("hex"), expected, spec);
  }
});

test("a digest is signed differently each time; RFC 6979's signature counts, s the greater one or not", async () => {
  const { material, spki } = pairOf({
    kty: "EC",
    crv: "P-256",
    d: "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
    x: "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
    y: "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
  });
  const message = Buffer.from("sample");
  const digest = createHash("sha256").update(message).digest();
  const algorithm = "ECDSA_SHA_256";
  const { sign } = openPrivate("ECC_NIST_P256", material);
  const { verify } = openPublic("ECC_NIST_P256", spki);
  const isSigned = (signature: Uint8Array) => {
    const forms = [verify?.(message, signature, form(algorithm))];
    forms.push(verify?.(digest, signature, form(algorithm, "DIGEST")));
    assert.equal(forms[0], forms[1], "OpenSSL and the library agree");
    return forms[0];
  };
  const known = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716";
  const greater = "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
  const lesser = "0834e36ad29a83bf2bc9385e491d6099c8fdf9d1ed67aa7ea5f51f93782857a9";
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  assert.equal(BigInt(`0x${greater}`) + BigInt(`0x${lesser}`), order);
  assert.equal(isSigned(hex(`3046022100${known}022100${greater}`)), true);
  assert.equal(isSigned(hex(`3045022100${known}0220${lesser}`)), true);
  const made = new Set<string>();
  for (let count = 0; count < 50; count += 1) {
    const signature = (await sign?.(digest, form(algorithm, "DIGEST"))) ?? Buffer.alloc(0);
    assert.equal(isSigned(signature), true);
    made.add(signature.toString("hex"));
  }
  assert.equal(made.size, 50);
});

test("Ed25519 and Ed25519ph sign as RFC 8032 says", async () => {
  const keys: readonly (readonly [algorithm: string, d: string, x: string, string, string])[] = [
    [
      "ED25519_SHA_512",
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
      "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ],
    [
      "ED25519_PH_SHA_512",
      "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
      "ec172b93ad5e563f4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
      "616263",
      "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406",
    ],
  ];
  for (const [algorithm, d, x, message, expected] of keys) {
    const { material, spki } = pairOf({ kty: "OKP", crv: "Ed25519", d, x: x.padStart(64, "0") });
    const { sign } = openPrivate("ECC_NIST_EDWARDS25519", material);
    const signature = await sign?.(hex(message), form(algorithm));
    assert.equal(signature?.toString("hex"), expected, algorithm);
    const { verify } = openPublic("ECC_NIST_EDWARDS25519", spki);
    assert.equal(verify?.(hex(message), hex(expected), form(algorithm)), true);
    assert.equal(verify?.(hex(`${message}00`), hex(expected), form(algorithm)), false);
  }
});

test("an Ed25519 key of small order verifies nothing", () => {
  const spki = Buffer.concat([hex("302a300506032b6570032100"), hex(`01${"00".repeat(31)}`)]);
  const signature = hex(`01${"00".repeat(63)}`);
  const { verify } = openPublic("ECC_NIST_EDWARDS25519", spki);
  for (const message of ["any", "other"]) {
    const ph = verify?.(Buffer.from(message), signature, form("ED25519_PH_SHA_512", "DIGEST"));
    assert.equal(ph, false, message);
  }
});

test("the seeds of Wycheproof make the public keys of ML-DSA and ML-KEM", () => {
  const kemSeed =
    "7c9935a0b07694aa0c6d10e4db6b1add2fd81a25ccb148032dcd739936737f2d" +
    "8626ed79d451140800e03b59b956f8210e556067407d13dc90fa9e8b872bfb8f";
  const seeds: readonly (readonly [KeySpecName, seed: string, size: number, sha256: string])[] = [
    [
      "ML_KEM_512",
      kemSeed,
      800,
      "852523749efd2b78d1074e5de629060312cd9397933a19ddb7482cfda5e92614",
    ],
    [
      "ML_KEM_768",
      kemSeed,
      1184,
      "86adbca81f4fee893e2fb58fb98aa2fe188f501fed268d7f4056f8c05c4e53c4",
    ],
    [
      "ML_KEM_1024",
      kemSeed,
      1568,
      "61b95ec8c32ae85ad7a17ae5b9c2dfb083e05f767da3ba9a0a8092ea6b4cbf7a",
    ],
    [
      "ML_DSA_44",
      "2a".repeat(32),
      1312,
      "d87f8ca136ac1aa55e2d6c4521680efb3a378cbb9bc0bfb446e9c60893931ea3",
    ],
    [
      "ML_DSA_65",
      "2a".repeat(32),
      1952,
      "b7acce2ddb11f8cc1aa46e2bafac6eacfa2b732ef192bd636ad8d3a56d649c66",
    ],
    [
      "ML_DSA_87",
      "2a".repeat(32),
      2592,
      "d43128fa8a8c785c1d44c9e7db538dbf9dd88fe6c8ad911a344bcec1017c6d54",
    ],
  ];
  for (const [spec, seed, size, expected] of seeds) {
    const random = { ...systemRandom, bytes: () => hex(seed) };
    const made = kindOfSpec(spec).generate(spec, random);
    assert.ok(made && "publicKey" in made && made.publicKey, spec);
    const raw = made.publicKey.subarray(-size);
    assert.equal(createHash("sha256").update(raw).digest("hex"), expected, spec);
  }
});

const usage = (spec: KeySpecName, name: string) => name in specOf(spec).usages;
const message = Buffer.from("four windows of June");

for (const spec of Object.keys(keySpecs) as KeySpecName[]) {
  if (spec === "SYMMETRIC_DEFAULT" || spec === "RSA_3072" || spec === "RSA_4096") continue;
  test(`a new key of ${spec} does what its usages say, and its twin undoes nothing of it`, async () => {
    const made = await generateMaterial(spec, systemRandom);
    const twin = await generateMaterial(spec, systemRandom);
    assert.ok(made && twin);
    const own = openPrivate(spec, made.bytes);
    const other = openPrivate(spec, twin.bytes);
    if (usage(spec, "GENERATE_VERIFY_MAC")) {
      assert.notDeepEqual(own.mac?.(message), other.mac?.(message));
      return;
    }
    assert.ok(made.publicKey && twin.publicKey);
    const shown = openPublic(spec, made.publicKey);
    const others = openPublic(spec, twin.publicKey);
    for (const algorithm of specOf(spec).usages.SIGN_VERIFY ?? []) {
      for (const type of ["RAW", "DIGEST", "EXTERNAL_MU"] as const) {
        const size = messageBytes({ algorithm, type });
        if (size === undefined) continue;
        const signed = size === "any" ? message : systemRandom.bytes(size);
        const signature = await own.sign?.(signed, { algorithm, type });
        assert.ok(signature);
        const label = `${algorithm} ${type}`;
        assert.equal(shown.verify?.(signed, signature, { algorithm, type }), true, label);
        assert.equal(others.verify?.(signed, signature, { algorithm, type }), false, label);
        for (const at of [0, 3, signature.length >> 1, signature.length - 1]) {
          const altered: Buffer = Buffer.from(signature);
          altered[at] = (altered[at] ?? 0) ^ 0x40;
          assert.equal(
            shown.verify?.(signed, altered, { algorithm, type }),
            false,
            `${label}, byte ${at}`,
          );
        }
        for (const wrong of [
          Buffer.alloc(0),
          signature.subarray(1),
          signature.subarray(0, -1),
          Buffer.concat([signature, Buffer.from([0])]),
          Buffer.alloc(signature.length),
          Buffer.alloc(signature.length, 0xff),
        ]) {
          assert.equal(shown.verify?.(signed, wrong, { algorithm, type }), false, label);
        }
      }
    }
    for (const algorithm of specOf(spec).usages.ENCRYPT_DECRYPT ?? []) {
      const sealed = shown.encrypt?.(message, algorithm);
      assert.ok(sealed);
      assert.deepEqual(await own.decrypt?.(sealed, algorithm), message);
      assert.equal(await other.decrypt?.(sealed, algorithm), undefined);
      for (const wrong of [Buffer.alloc(0), sealed.subarray(1), Buffer.alloc(sealed.length)]) {
        assert.equal(await own.decrypt?.(wrong, algorithm), undefined, algorithm);
      }
    }
    if (usage(spec, "KEY_AGREEMENT")) {
      const secret = own.agree?.(twin.publicKey);
      assert.ok(secret);
      assert.deepEqual(secret, other.agree?.(made.publicKey));
      const strange = generateKeyPairSync("ec", { namedCurve: "secp224r1" }).publicKey;
      const off = Buffer.from(twin.publicKey);
      off[off.length - 1] = (off.at(-1) ?? 0) ^ 1;
      const infinity = Buffer.concat([twin.publicKey.subarray(0, 24), hex("0302000000")]);
      for (const wrong of [strange.export({ format: "der", type: "spki" }), off, infinity]) {
        assert.equal(own.agree?.(wrong), undefined);
      }
    }
    if (usage(spec, "ENCAPSULATE_DECAPSULATE")) {
      const encapsulated = shown.encapsulate?.();
      assert.ok(encapsulated);
      assert.deepEqual(own.decapsulate?.(encapsulated.sealed), encapsulated.secret);
      assert.notDeepEqual(other.decapsulate?.(encapsulated.sealed), encapsulated.secret);
      assert.equal(own.decapsulate?.(encapsulated.sealed.subarray(1)), undefined);
    }
  });
}

test("an RSA signature or ciphertext has one form: its leading zeros belong to it", async () => {
  const made = await generateMaterial("RSA_2048", systemRandom);
  assert.ok(made?.publicKey);
  const own = openPrivate("RSA_2048", made.bytes);
  const shown = openPublic("RSA_2048", made.publicKey);
  const attempts = 10_000;
  const beginsWithZero = async (make: () => Promise<Buffer | undefined>): Promise<Buffer> => {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const bytes = await make();
      if (bytes?.[0] === 0) return bytes;
    }
    assert.fail(`none of ${attempts} begins with zero`);
  };
  const digest = createHash("sha256").update(message).digest();
  const pss = "RSASSA_PSS_SHA_256";
  const signature = await beginsWithZero(async () => own.sign?.(message, form(pss)));
  for (const [signed, type] of [
    [message, "RAW"],
    [digest, "DIGEST"],
  ] as const) {
    assert.equal(shown.verify?.(signed, signature, form(pss, type)), true);
    assert.equal(shown.verify?.(signed, signature.subarray(1), form(pss, type)), false, type);
  }
  const oaep = "RSAES_OAEP_SHA_256";
  const sealed = await beginsWithZero(async () => shown.encrypt?.(message, oaep));
  assert.deepEqual(await own.decrypt?.(sealed, oaep), message);
  assert.equal(await own.decrypt?.(sealed.subarray(1), oaep), undefined);
});

test("pairs of RSA are made a few at a time, and so many wait and no more", async () => {
  const bits = 512;
  const makings = Array.from({ length: 22 }, () => generateRsa(bits));
  await assert.rejects(generateRsa(bits), { name: "ThrottlingException" });
  for (const { publicKey } of await Promise.all(makings)) assert.ok(publicKey.length > 0);
  assert.ok((await generateRsa(bits)).bytes.length > 0);
});

test("a message has the form that its algorithm takes", () => {
  const sizes: readonly (readonly [string, Form["type"], ReturnType<typeof messageBytes>])[] = [
    ["RSASSA_PSS_SHA_384", "DIGEST", 48],
    ["ECDSA_SHA_512", "DIGEST", 64],
    ["SM2DSA", "DIGEST", 32],
    ["SM2DSA", "RAW", "any"],
    ["ED25519_SHA_512", "RAW", "any"],
    ["ED25519_SHA_512", "DIGEST", undefined],
    ["ED25519_PH_SHA_512", "RAW", undefined],
    ["ED25519_PH_SHA_512", "DIGEST", 64],
    ["ML_DSA_SHAKE_256", "RAW", "any"],
    ["ML_DSA_SHAKE_256", "DIGEST", undefined],
    ["ML_DSA_SHAKE_256", "EXTERNAL_MU", 64],
    ["ECDSA_SHA_256", "EXTERNAL_MU", undefined],
  ];
  for (const [algorithm, type, expected] of sizes) {
    assert.equal(messageBytes({ algorithm, type }), expected, `${algorithm} ${type}`);
  }
});

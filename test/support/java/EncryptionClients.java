import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.kms.KmsClient;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.MetadataDirective;
import software.amazon.cryptography.dbencryptionsdk.dynamodb.itemencryptor.DynamoDbItemEncryptor;
import software.amazon.cryptography.dbencryptionsdk.dynamodb.itemencryptor.model.DecryptItemInput;
import software.amazon.cryptography.dbencryptionsdk.dynamodb.itemencryptor.model.DynamoDbItemEncryptorConfig;
import software.amazon.cryptography.dbencryptionsdk.dynamodb.itemencryptor.model.EncryptItemInput;
import software.amazon.cryptography.dbencryptionsdk.structuredencryption.model.CryptoAction;
import software.amazon.cryptography.materialproviders.IKeyring;
import software.amazon.cryptography.materialproviders.MaterialProviders;
import software.amazon.cryptography.materialproviders.model.CreateAwsKmsKeyringInput;
import software.amazon.cryptography.materialproviders.model.CreateMultiKeyringInput;
import software.amazon.cryptography.materialproviders.model.MaterialProvidersConfig;
import software.amazon.encryption.s3.S3EncryptionClient;
import software.amazon.encryption.s3.materials.KmsKeyring;

/** The encryption clients of Java: what each of them makes of a key, as one line of JSON. */
public class EncryptionClients {
  static final Map<String, Boolean> out = new LinkedHashMap<>();
  static final KmsClient kms = KmsClient.create();
  static String key, other, bucket;
  static AwsCredentialsProvider nobody;

  /** Words: what to run, two keys, the credentials of a user without permissions, and a bucket. */
  public static void main(String[] words) throws Exception {
    key = words[1];
    other = words[2];
    nobody = StaticCredentialsProvider.create(AwsBasicCredentials.create(words[3], words[4]));
    bucket = words[5];
    if (words[0].equals("s3")) objects();
    else items();
    String members = out.entrySet().stream()
        .map(one -> "\"" + one.getKey() + "\":" + one.getValue())
        .collect(Collectors.joining(","));
    System.out.println("{" + members + "}");
  }

  /** Whether a client refuses; why the key did, the trail says. */
  static boolean refuses(Callable<?> call) {
    try {
      call.call();
      return false;
    } catch (Exception error) {
      return true;
    }
  }

  /** Runs what every client must keep to. */
  static void keeps(Callable<Boolean> opens, Callable<?> moved, Callable<?> theirs) throws Exception {
    out.put("opened", opens.call());
    out.put("moved context", refuses(moved));
    kms.disableKey(request -> request.keyId(key));
    out.put("disabled", refuses(opens));
    kms.enableKey(request -> request.keyId(key));
    kms.rotateKeyOnDemand(request -> request.keyId(key));
    out.put("rotated", opens.call());
    out.put("not allowed", refuses(theirs));
  }

  static S3Client sealing(AwsCredentialsProvider keysOf) {
    KmsClient asked = KmsClient.builder().credentialsProvider(keysOf).build();
    return S3EncryptionClient.builderV4()
        .wrappedClient(S3Client.builder().forcePathStyle(true).build())
        .wrappedAsyncClient(S3AsyncClient.builder().forcePathStyle(true).build())
        .keyring(KmsKeyring.builder().kmsClient(asked).wrappingKeyId(key).build())
        .build();
  }

  static String read(S3Client client, String name, String tenant) {
    return client.getObjectAsBytes(request -> request.bucket(bucket).key(name)
        .overrideConfiguration(S3EncryptionClient.withAdditionalConfiguration(Map.of("tenant", tenant))))
        .asUtf8String();
  }

  static void objects() throws Exception {
    String text = "four windows of June".repeat(10_000);
    S3Client plain = S3Client.builder().forcePathStyle(true).build();
    S3Client mine = sealing(DefaultCredentialsProvider.create());
    plain.createBucket(request -> request.bucket(bucket));
    mine.putObject(request -> request.bucket(bucket).key("order")
        .overrideConfiguration(S3EncryptionClient.withAdditionalConfiguration(Map.of("tenant", "acme"))),
        RequestBody.fromString(text));
    out.put("in clear", plain.getObjectAsBytes(request -> request.bucket(bucket).key("order"))
        .asString(StandardCharsets.ISO_8859_1).contains("windows"));
    out.put("other context", refuses(() -> read(mine, "order", "other")));
    Map<String, String> metadata = plain.headObject(request -> request.bucket(bucket).key("order")).metadata();
    Map<String, String> changed = metadata.entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, one -> one.getValue().replace("acme", "evil")));
    plain.copyObject(request -> request.sourceBucket(bucket).sourceKey("order")
        .destinationBucket(bucket).destinationKey("moved")
        .metadataDirective(MetadataDirective.REPLACE).metadata(changed));
    S3Client theirs = sealing(nobody);
    keeps(() -> read(mine, "order", "acme").equals(text),
        () -> read(mine, "moved", "evil"),
        () -> read(theirs, "order", "acme"));
  }

  static IKeyring ring(String id, KmsClient asked) {
    return providers.CreateAwsKmsKeyring(
        CreateAwsKmsKeyringInput.builder().kmsKeyId(id).kmsClient(asked).build());
  }

  static final MaterialProviders providers = MaterialProviders.builder()
      .MaterialProvidersConfig(MaterialProvidersConfig.builder().build())
      .build();

  static DynamoDbItemEncryptor encryptor(String table, IKeyring ring) {
    return DynamoDbItemEncryptor.builder()
        .DynamoDbItemEncryptorConfig(DynamoDbItemEncryptorConfig.builder()
            .logicalTableName(table)
            .partitionKeyName("id")
            .attributeActionsOnEncrypt(Map.of(
                "id", CryptoAction.SIGN_ONLY, "card", CryptoAction.ENCRYPT_AND_SIGN))
            .keyring(ring)
            .build())
        .build();
  }

  static void items() throws Exception {
    Map<String, AttributeValue> item = Map.of(
        "id", AttributeValue.fromS("4711"), "card", AttributeValue.fromS("4000-1234"));
    IKeyring mine = ring(key, kms);
    Map<String, AttributeValue> sealed = encryptor("orders", mine)
        .EncryptItem(EncryptItemInput.builder().plaintextItem(item).build()).encryptedItem();
    out.put("in clear", sealed.toString().contains("4000-1234"));
    keeps(() -> opens(sealed, item, "orders", mine),
        () -> opens(sealed, item, "others", mine),
        () -> opens(sealed, item, "orders", ring(key, KmsClient.builder().credentialsProvider(nobody).build())));
    IKeyring both = providers.CreateMultiKeyring(CreateMultiKeyringInput.builder()
        .generator(mine).childKeyrings(List.of(ring(other, kms))).build());
    Map<String, AttributeValue> twice = encryptor("orders", both)
        .EncryptItem(EncryptItemInput.builder().plaintextItem(item).build()).encryptedItem();
    out.put("either opens", opens(twice, item, "orders", mine) && opens(twice, item, "orders", ring(other, kms)));
  }

  static boolean opens(
      Map<String, AttributeValue> sealed, Map<String, AttributeValue> item, String table, IKeyring ring) {
    Map<String, AttributeValue> opened = encryptor(table, ring)
        .DecryptItem(DecryptItemInput.builder().encryptedItem(sealed).build()).plaintextItem();
    return item.entrySet().stream().allMatch(one -> one.getValue().equals(opened.get(one.getKey())));
  }
}

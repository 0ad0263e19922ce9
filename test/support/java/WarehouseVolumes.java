import com.aliyun.odps.Odps;
import com.aliyun.odps.Volume;
import com.aliyun.odps.VolumeFSFile;
import com.aliyun.odps.VolumeFile;
import com.aliyun.odps.VolumePartition;
import com.aliyun.odps.account.AliyunAccount;
import com.aliyun.odps.tunnel.TunnelException;
import com.aliyun.odps.tunnel.VolumeFSTunnel;
import com.aliyun.odps.tunnel.VolumeTunnel;
import com.aliyun.odps.tunnel.io.VolumeOutputStream;
import com.google.gson.Gson;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What odps-sdk-core makes of volumes. Prints what it found as JSON. */
public class WarehouseVolumes {
  public static void main(String[] words) throws Exception {
    String project = words[0];
    Odps odps = new Odps(new AliyunAccount(System.getenv("AWS_ACCESS_KEY_ID"), System.getenv("AWS_SECRET_ACCESS_KEY")));
    odps.setEndpoint(System.getenv("AWS_ENDPOINT_URL") + "/api");
    odps.setDefaultProject(project);
    Map<String, Object> out = new LinkedHashMap<>();
    partitioned(odps, project, out);
    fileSystem(odps, project, out);
    System.out.println(new Gson().toJson(out));
  }

  static void partitioned(Odps odps, String project, Map<String, Object> out) throws Exception {
    odps.volumes().create("lake", "some files", Volume.Type.OLD);
    Volume lake = odps.volumes().get("lake");
    lake.reload();
    out.put("about", List.of(lake.getName(), lake.getType().name(), lake.getComment(), lake.getOwner()));
    VolumeTunnel tunnel = new VolumeTunnel(odps);
    VolumeTunnel.UploadSession session = tunnel.createUploadSession(project, "lake", "part_1");
    write(session.openOutputStream("a//words.txt"), 2);
    write(session.openOutputStream("large.bin", true), 700_000);
    session.commit(new String[] {"a/words.txt", "large.bin"});
    out.put("status", tunnel.getUploadSession(project, "lake", "part_1", session.getId()).getStatus().name());
    VolumeTunnel.DownloadSession words = tunnel.createDownloadSession(project, "lake", "part_1", "a/words.txt");
    VolumeTunnel.DownloadSession large = tunnel.createDownloadSession(project, "lake", "part_1", "large.bin");
    VolumeTunnel.DownloadSession again = tunnel.getDownloadSession(project, "lake", "part_1", "large.bin", large.getId());
    out.put("lengths", List.of(words.getFileLength(), again.getFileLength()));
    List<String> partitions = new ArrayList<>();
    for (Iterator<VolumePartition> all = lake.getPartitionIterator(); all.hasNext(); ) partitions.add(all.next().getName());
    out.put("partitions", partitions);
    VolumePartition partition = lake.getVolumePartition("part_1");
    out.put("files", names(partition.getFileIterator()));
    out.put("within", names(partition.getFileIterator("a")));
    out.put("partition", List.of(partition.getLength(), partition.getFileCount()));
    out.put("read", List.of(read(words.openInputStream()).length, read(large.openInputStream(true)).length));
    lake.deleteVolumePartition("part_1");
    odps.volumes().delete("lake");
    out.put("deleted", odps.volumes().exists("lake"));
  }

  static void fileSystem(Odps odps, String project, Map<String, Object> out) throws Exception {
    odps.volumes().create("disk", "", Volume.Type.NEW);
    VolumeFSTunnel tunnel = new VolumeFSTunnel(odps);
    OutputStream stream = tunnel.openOutputStream(project, "/disk/in/large.bin", 2, null);
    stream.write("bytes".getBytes());
    String session = VolumeFSTunnel.getUploadSessionId((VolumeOutputStream) stream);
    tunnel.commit(project, "/disk/in/large.bin", session);
    Volume disk = odps.volumes().get("disk");
    List<String> items = new ArrayList<>();
    for (VolumeFSFile one : disk.getVolumeFSFile("/disk")) {
      items.add(one.getPath());
      for (VolumeFSFile below : one) items.add(below.getPath());
    }
    out.put("items", items);
    out.put("length", disk.getVolumeFSFile("/disk/in/large.bin").getLength());
    out.put("file", new String(read(tunnel.openInputStream(project, "/disk/in/large.bin", 0L, 4L, null))));
    disk.getVolumeFSFile("/disk/in").delete(true);
    boolean left = disk.getVolumeFSFile("/disk").iterator().hasNext();
    odps.volumes().delete("disk");
    out.put("left", List.of(left, odps.volumes().exists("disk")));
    try {
      new VolumeTunnel(odps).createUploadSession(project, "nothing", "part_1");
    } catch (TunnelException error) {
      out.put("refused", error.getErrorCode());
    }
  }

  static void write(OutputStream stream, int bytes) throws Exception {
    stream.write(new byte[bytes]);
    stream.close();
  }

  static byte[] read(InputStream stream) throws Exception {
    // The SDK's stream says that it is at its end when it is asked for no bytes, as readAllBytes does.
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    byte[] some = new byte[8192];
    for (int count = stream.read(some); count > 0; count = stream.read(some)) all.write(some, 0, count);
    return all.toByteArray();
  }

  static List<String> names(Iterator<VolumeFile> files) {
    List<String> found = new ArrayList<>();
    while (files.hasNext()) found.add(files.next().getName());
    return found;
  }
}

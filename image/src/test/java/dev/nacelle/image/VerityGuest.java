package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.http.HttpServer;
import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.image.distribution.BuiltInRegistry;
import dev.nacelle.image.distribution.PushListener;
import dev.nacelle.image.distribution.RegistryAccess;
import dev.nacelle.image.distribution.RegistryLimits;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.registry.RegistrySettings;
import dev.nacelle.kernel.mount.DeviceMapper;
import dev.nacelle.kernel.mount.Erofs;
import dev.nacelle.kernel.mount.LoopDevice;
import dev.nacelle.kernel.mount.MountTable;
import dev.nacelle.kernel.mount.Mounts;
import dev.nacelle.kernel.mount.VerityTable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What {@link VerityGuestTest} looks at: the image store under a kernel that has dm-verity, on a
 * disk that changes. Prints a line a step, {@code ok NAME} or {@code failed NAME: why}, and lines
 * with {@code figure}.
 */
final class VerityGuest {
  private static final Path WORK = Path.of("/work");
  private static final int BLOCK = 4096;
  private static final int SUPERBLOCK = 1024;
  private static final int LARGE_BYTES = 1 << 20;
  private static final int ROUNDS = 5;
  private static final int ATTEMPTS = 20;

  private final RegistryClient registries =
      new RegistryClient(RegistrySettings.DEFAULT, ProxySettings.NONE);
  private final Map<String, byte[]> original = new TreeMap<>();
  private final ImageReference name = ImageReference.parse("app:1");
  private LocalImageStore store;
  private ResolvedImage image;
  private int mounts;

  private VerityGuest() throws Exception {
    store = open("built");
    image = store.importArchive(tree(), name);
  }

  public static void main(String[] arguments) throws Exception {
    System.out.println("java is up");
    var guest = new VerityGuest();
    guest.store.capabilities().forEach(c -> System.out.println("doctor " + c));
    guest.step("doctor", guest::doctorSaysDmVerity);
    guest.step("control", guest::theControlNodeIsMadeWhereNobodyKeepsIt);
    guest.step("built", guest::aBuiltLayerReadsBackWhole);
    guest.step("restart", guest::aRestartKnowsWhatTheKernelProves);
    guest.changedBits("built");
    guest.step("hashes", guest::aDamagedHashFileIsWrittenAnew);
    guest.step("left", guest::whatAKilledProcessLeftGoes);
    guest.step("figures", guest::figures);
    guest.step("found", guest::whatTheKernelFoundIsTakenAwayBeforeAnybodyElseStandsOnIt);
    guest.step("refused", guest::whatTheKernelDoesNotMountIsComparedAndTakenAway);
    guest.step("streamed", guest::aPulledLayerReadsBackWhole);
    guest.changedBits("streamed");
    guest.step("nothing", guest::nothingIsLeft);
    System.out.println("end");
    System.exit(0);
  }

  private interface Step {
    void run() throws Exception;
  }

  private void step(String step, Step what) {
    long start = System.nanoTime();
    try {
      what.run();
      System.out.println("ok " + step);
    } catch (Exception | AssertionError e) {
      System.out.println("failed " + step + ": " + e);
      e.printStackTrace(System.out);
    }
    System.out.println("took " + step + " " + (System.nanoTime() - start) / 1_000_000 + " ms");
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }

  private void changedBits(String kind) {
    step(kind + "-data", this::aBitInTheDataIsAnError);
    step(kind + "-mounted", this::aBitUnderAMountIsAnError);
    step(kind + "-metadata", this::aBitInTheMetadataIsAnError);
  }

  private LocalImageStore open(String node) throws InterruptedException {
    return LocalImageStore.open(WORK.resolve(node), registries, Clock.systemUTC());
  }

  private Path tree() throws IOException {
    Path tree = Files.createDirectories(WORK.resolve("tree"));
    var random = new Random(7);
    for (int n = 0; n < 120; n++) {
      Path directory = Files.createDirectories(tree.resolve("d" + n % 10));
      put(tree, directory.resolve("file-" + n), bytes(random, 100 + 40 * n));
    }
    put(tree, tree.resolve("large"), bytes(random, LARGE_BYTES));
    return tree;
  }

  private void put(Path tree, Path file, byte[] content) throws IOException {
    Files.write(file, content);
    original.put(tree.relativize(file).toString(), content);
  }

  private static byte[] bytes(Random random, int size) {
    byte[] result = new byte[size];
    random.nextBytes(result);
    return result;
  }

  private String key() {
    return image.layers().getFirst().key();
  }

  private Path layer(String file) {
    return new StoreLayout(node()).layer(key()).resolve(file);
  }

  private Path node() {
    return store.parts().layout().node();
  }

  private RootFilesystem mount() {
    return store.mount(image.id(), "c" + ++mounts, MountOptions.DEFAULT);
  }

  private void unmount(RootFilesystem root) {
    store.unmount(root.containerId());
    store.unmountIdleLayers();
  }

  private boolean isProved() {
    return store.parts().roots().isProvedByKernel(key());
  }

  private static void dropCaches() throws IOException {
    Files.writeString(Path.of("/proc/sys/vm/drop_caches"), "3");
  }

  private static void flip(Path file, long at) throws IOException {
    try (var open = new RandomAccessFile(file.toFile(), "rw")) {
      open.seek(at);
      int old = open.read();
      open.seek(at);
      open.write(old ^ 8);
      open.getFD().sync();
    }
    dropCaches();
  }

  /** The files that cannot be read; none may read as anything but what went in. */
  private List<String> unreadable(Path root) throws IOException {
    var failed = new ArrayList<String>();
    for (var file : original.entrySet()) {
      byte[] read;
      try {
        read = Files.readAllBytes(root.resolve(file.getKey()));
      } catch (IOException e) {
        require(String.valueOf(e.getMessage()).contains("Input/output error"), "another " + e);
        failed.add(file.getKey());
        continue;
      }
      require(Arrays.equals(read, file.getValue()), "wrong bytes in " + file.getKey());
    }
    return failed;
  }

  private void requireWhole(RootFilesystem root) throws IOException {
    dropCaches();
    require(unreadable(root.merged()).isEmpty(), "some files cannot be read");
  }

  /** Pages that were just read may stay in memory once, and be right. */
  private void requireOneIsNoticed(RootFilesystem root) throws IOException {
    List<String> failed = unreadable(root.merged());
    for (int attempt = 0; failed.isEmpty() && attempt < ATTEMPTS; attempt++) {
      dropCaches();
      failed = unreadable(root.merged());
    }
    require(failed.size() == 1, "unreadable are " + failed);
  }

  private void doctorSaysDmVerity() {
    require(
        store.capabilities().stream()
            .anyMatch(c -> c.feature().equals("image cache") && c.inUse().startsWith("dm-verity")),
        "doctor does not name dm-verity");
  }

  private void theControlNodeIsMadeWhereNobodyKeepsIt() throws Exception {
    Path control = Path.of("/dev/mapper/control");
    Path aside = Path.of("/dev/mapper/aside");
    Files.move(control, aside);
    try (DeviceMapper mapper = DeviceMapper.open(WORK)) {
      require(mapper.names().isEmpty(), "devices are left: " + mapper.names());
    } finally {
      Files.move(aside, control);
    }
  }

  private void aBuiltLayerReadsBackWhole() throws Exception {
    RootFilesystem root = mount();
    require(isProved(), "the layer is not proved by the kernel");
    requireWhole(root);
    unmount(root);
    requireNoDevices();
  }

  private void aRestartKnowsWhatTheKernelProves() throws Exception {
    RootFilesystem root = mount();
    store.close();
    store = open("built");
    require(store.mounted(root.containerId()).isPresent(), "the mount was not adopted");
    require(isProved(), "the adopted layer is not known as proved");
    requireWhole(root);
    unmount(root);
  }

  private void aBitInTheDataIsAnError() throws Exception {
    long at = Files.size(layer(LayerStore.DATA)) / 2;
    flip(layer(LayerStore.DATA), at);
    RootFilesystem root = mount();
    List<String> failed = unreadable(root.merged());
    require(failed.equals(List.of("large")), "unreadable are " + failed);
    unmount(root);
    flip(layer(LayerStore.DATA), at);
    root = mount();
    requireWhole(root);
    unmount(root);
  }

  private void aBitUnderAMountIsAnError() throws Exception {
    RootFilesystem root = mount();
    requireWhole(root);
    long at = Files.size(layer(LayerStore.DATA)) - 1;
    flip(layer(LayerStore.DATA), at);
    requireOneIsNoticed(root);
    flip(layer(LayerStore.DATA), at);
    requireWhole(root);
    unmount(root);
  }

  private void aBitInTheMetadataIsAnError() throws Exception {
    Path file = layer(LayerStore.METADATA);
    long at = Files.size(file) / 2;
    flip(file, at);
    RootFilesystem root = mount();
    require(!unreadable(root.merged()).isEmpty(), "nothing was noticed");
    unmount(root);
    flip(file, at);
    root = mount();
    requireWhole(root);
    unmount(root);
  }

  private void requireDamagedIsTakenAway() throws InterruptedException {
    try {
      mount();
      throw new AssertionError("what is damaged is mounted");
    } catch (ImageException e) {
      require(e.fault() == ImageFault.DAMAGED, "another " + e);
    }
    require(store.resolve(name).isEmpty(), "what is damaged is still here");
    image = store.importArchive(WORK.resolve("tree"), name);
  }

  private void whatTheKernelFoundIsTakenAwayBeforeAnybodyElseStandsOnIt() throws Exception {
    RootFilesystem root = mount();
    flip(layer(LayerStore.DATA), Files.size(layer(LayerStore.DATA)) / 2);
    requireOneIsNoticed(root);
    requireDamagedIsTakenAway();
    RootFilesystem other = mount();
    require(isProved(), "the layer is not proved by the kernel");
    requireWhole(other);
    store.unmount(root.containerId());
    unmount(other);
    requireNoDevices();
  }

  private void whatTheKernelDoesNotMountIsComparedAndTakenAway() throws Exception {
    flip(layer(LayerStore.METADATA), SUPERBLOCK + 40);
    try {
      mount();
      throw new AssertionError("a damaged superblock is mounted");
    } catch (ImageException e) {
      require(e.fault() == ImageFault.HOST, "another " + e);
    }
    requireNoDevices();
    requireDamagedIsTakenAway();
    RootFilesystem root = mount();
    requireWhole(root);
    unmount(root);
  }

  private void aDamagedHashFileIsWrittenAnew() throws Exception {
    Path file = layer(HashFile.NAME);
    byte[] sound = Files.readAllBytes(file);
    flip(file, 2 * BLOCK + 5);
    RootFilesystem root = mount();
    require(!unreadable(root.merged()).isEmpty(), "nothing was noticed");
    unmount(root);
    store.close();
    store = open("built");
    root = mount();
    require(isProved(), "the layer is not proved by the kernel");
    requireWhole(root);
    require(Arrays.equals(Files.readAllBytes(file), sound), "the hash file is another one");
    unmount(root);
  }

  private void whatAKilledProcessLeftGoes() throws Exception {
    try (DeviceMapper mapper = DeviceMapper.open(WORK);
        LoopDevice.Attached data = LoopDevice.attachDirect(layer(LayerStore.DATA));
        LoopDevice.Attached hashes = LoopDevice.attachDirect(layer(HashFile.NAME))) {
      StoredLayer stored = store.stored(name).orElseThrow().layers().getFirst();
      VerityTable table =
          HashFile.of(stored.built())
              .dataTable(data.device(), hashes.device(), stored.roots().orElseThrow());
      mapper.map(new KernelVerity(store.parts().layout()).prefix() + "left", table);
      require(mapper.names().size() == 1, "there is no device");
    }
    store.close();
    store = open("built");
    requireNoDevices();
  }

  private void aPulledLayerReadsBackWhole() throws Exception {
    try (EventLoops loops = EventLoops.start(1);
        BuiltInRegistry registry =
            BuiltInRegistry.open(
                WORK.resolve("registry"),
                new BuiltInRegistry.Settings("test", Bytes.utf8("k".repeat(32)), LIMITS),
                RegistryAccess.OPEN,
                PushListener.NONE,
                Clock.systemUTC());
        HttpServer server =
            HttpServer.builder(loops, registry)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .start()) {
      var there = ImageReference.parse("127.0.0.1:" + server.port() + "/team/app:1");
      new ImagePush(store)
          .push(name, there, PullSecrets.NONE, ImagePush.Layers.ORIGINAL, LayerProgress.SILENT);
      new ImageConversion(store)
          .convert(there, PullSecrets.NONE, ImageConversion.Platforms.HOST, LayerProgress.SILENT);
      store.unmountIdleLayers();
      store.close();
      store = open("streamed");
      var request = PullRequest.of(there, PullPolicy.ALWAYS);
      image = ((Ensured.Pulled) store.ensure(request, PullProgress.SILENT)).image();
    }
    require(key().endsWith("-s1"), "not in its streaming form: " + key());
    RootFilesystem root = mount();
    require(isProved(), "the layer is not proved by the kernel");
    requireWhole(root);
    unmount(root);
  }

  private static final RegistryLimits LIMITS = RegistryLimits.DEFAULT;

  private void nothingIsLeft() throws Exception {
    store.prune(Set.of());
    store.close();
    requireNoDevices();
    require(MountTable.read().below(WORK).findAny().isEmpty(), "something is mounted");
  }

  /** The last user of a device has gone; the kernel frees it soon after. */
  private static void requireNoDevices() throws IOException {
    for (int attempt = 0; attempt < 100_000; attempt++) {
      if (loops().isEmpty() && mapped().isEmpty()) {
        return;
      }
      Thread.onSpinWait();
    }
    throw new AssertionError("devices are left: " + loops() + mapped());
  }

  private static List<String> mapped() throws IOException {
    try (DeviceMapper mapper = DeviceMapper.open(WORK)) {
      return mapper.names();
    }
  }

  private static List<Path> loops() throws IOException {
    try (Stream<Path> devices = Files.list(Path.of("/sys/block"))) {
      return devices.filter(d -> Files.exists(d.resolve("loop/backing_file"))).toList();
    }
  }

  /** Mounts and reads of the same layer, with and without dm-verity, by turns. */
  private void figures() throws Exception {
    StoredLayer stored = store.stored(name).orElseThrow().layers().getFirst();
    var kernel = new KernelVerity(store.parts().layout());
    HashFile hashes = HashFile.of(stored.built());
    Path target = Files.createDirectory(WORK.resolve("mnt"));
    Path metadata = layer(LayerStore.METADATA);
    Path data = layer(LayerStore.DATA);
    Map<String, Step> ways = new TreeMap<>();
    ways.put("verity", () -> kernel.mount(key(), hashes, stored.roots().orElseThrow(), target));
    ways.put("loop", () -> Erofs.mountByLoop(metadata, data, target));
    ways.put("file", () -> Erofs.mount(metadata, data, target));
    for (int round = 0; round < ROUNDS; round++) {
      for (var way : ways.entrySet()) {
        long start = System.nanoTime();
        try {
          way.getValue().run();
        } catch (RuntimeException e) {
          continue; // this kernel does not mount files
        }
        long mounted = System.nanoTime();
        dropCaches();
        long before = System.nanoTime();
        byte[] read = Files.readAllBytes(target.resolve("large"));
        long after = System.nanoTime();
        Mounts.unmount(target);
        System.out.println(
            "figure %s mount %d us, read %d KB/s"
                .formatted(
                    way.getKey(),
                    (mounted - start) / 1000,
                    read.length * 1_000_000L / (after - before)));
      }
    }
  }
}

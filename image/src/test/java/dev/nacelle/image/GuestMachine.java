package dev.nacelle.image;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveOutputStream;
import org.apache.commons.compress.archivers.cpio.CpioConstants;

/**
 * Runs a main of the tests as root under another kernel: in an emulated machine, which no host need
 * allow, with a disk that has this Java, the C library and the class path of the test.
 *
 * @param kernel an unpacked package of a Debian kernel: {@code boot/vmlinuz-V}, {@code
 *     lib/modules/V} with plain modules
 */
record GuestMachine(Path kernel) {
  private static final Path KERNELS = Path.of("/var/cache/nacelle-guest-kernels");
  private static final Path QEMU = Path.of("/usr/bin/qemu-system-x86_64");
  private static final Path BUSYBOX = Path.of("/usr/bin/busybox");
  private static final Path MKE2FS = Path.of("/usr/sbin/mke2fs");
  private static final List<String> MODULES =
      List.of("virtio_pci", "virtio_blk", "loop", "dm-mod", "dm-verity", "erofs", "overlay");
  private static final Pattern DEPENDS = Pattern.compile("\0depends=([^\0]*)\0");
  private static final Pattern LIBRARY = Pattern.compile("(?:=> |^\\s+)(/\\S+) \\(");
  private static final int DISK_MIB = 700;
  private static final int MEMORY_MIB = 1024;
  private static final String INIT =
      """
      #!/bin/busybox sh
      b=/bin/busybox
      $b mount -t proc proc /proc
      $b mount -t sysfs sys /sys
      $b mount -t devtmpfs dev /dev
      for m in $($b cat /modules/order); do $b insmod /modules/$m.ko; done
      $b mount -t ext4 /dev/vda /root
      for d in proc sys dev; do $b mount --move /$d /root/$d; done
      $b ip link set lo up
      $b chroot /root /java/bin/java -Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
        -XX:-UsePerfData --enable-native-access=ALL-UNNAMED -cp '%s' %s </root/dev/null
      echo "guest exit $?"
      $b poweroff -f
      """;

  /** The kernels that were unpacked for guests on this machine. */
  static List<GuestMachine> available() throws IOException {
    if (!System.getProperty("os.arch").equals("amd64")
        || !Stream.of(QEMU, BUSYBOX, MKE2FS).allMatch(Files::isExecutable)
        || !Files.isDirectory(KERNELS)) {
      return List.of();
    }
    try (Stream<Path> kernels = Files.list(KERNELS)) {
      return kernels.filter(Files::isDirectory).sorted().map(GuestMachine::new).toList();
    }
  }

  /**
   * Runs {@code main} until it ends.
   *
   * @param directory for the disk, which has 300 MB and more
   * @return what the guest printed
   */
  List<String> run(Path directory, Class<?> main, Duration patience)
      throws IOException, InterruptedException {
    Path root = Files.createDirectories(directory.resolve("root"));
    for (String child : List.of("proc", "sys", "dev", "tmp", "work")) {
      Files.createDirectory(root.resolve(child));
    }
    Path java = Path.of(System.getProperty("java.home"));
    copyJava(java, root.resolve("java"));
    for (Path library : libraries(java)) {
      Path copy = root.resolve(library.toString().substring(1));
      Files.createDirectories(copy.getParent());
      Files.copy(library.toRealPath(), copy);
    }
    String classPath = copyClassPath(root.resolve("classes"));
    Path disk = directory.resolve("disk");
    call(MKE2FS.toString(), "-q", "-F", "-t", "ext4", "-d", root, disk, DISK_MIB + "M");
    Path initial = directory.resolve("initrd");
    writeInitial(initial, INIT.formatted(classPath, main.getName()));
    return boot(disk, initial, directory.resolve("console"), patience);
  }

  private static void copyJava(Path from, Path to) throws IOException {
    Set<String> unneeded = Set.of("src.zip", "ct.sym", "jmods", "legal", "man", "include", "demo");
    Files.walkFileTree(
        from,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes a)
              throws IOException {
            if (unneeded.contains(directory.getFileName().toString())) {
              return FileVisitResult.SKIP_SUBTREE;
            }
            Files.createDirectories(to.resolve(from.relativize(directory).toString()));
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes a) throws IOException {
            if (!unneeded.contains(file.getFileName().toString())) {
              Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /** The shared libraries of the system that Java needs, and the loader. */
  private static Set<Path> libraries(Path java) throws IOException, InterruptedException {
    var found = new LinkedHashSet<Path>();
    for (String binary :
        List.of("bin/java", "lib/server/libjvm.so", "lib/libnio.so", "lib/libzip.so")) {
      Matcher matcher = LIBRARY.matcher("");
      for (String line : call("ldd", java.resolve(binary)).lines().toList()) {
        if (matcher.reset(line).find() && !matcher.group(1).startsWith(java.toString())) {
          found.add(Path.of(matcher.group(1)));
        }
      }
    }
    return found;
  }

  /** Returns the class path in the guest. */
  private static String copyClassPath(Path to) throws IOException {
    Files.createDirectories(to);
    var names = new ArrayList<String>();
    String[] entries = System.getProperty("java.class.path").split(":");
    for (int n = 0; n < entries.length; n++) {
      Path entry = Path.of(entries[n]);
      if (!Files.exists(entry)) {
        continue;
      }
      Path copy = to.resolve(n + (Files.isDirectory(entry) ? "" : ".jar"));
      try (Stream<Path> all = Files.walk(entry)) {
        for (Path path : all.toList()) {
          Path place = copy.resolve(entry.relativize(path).toString());
          if (Files.isDirectory(path)) {
            Files.createDirectories(place);
          } else {
            Files.copy(path, path.equals(entry) ? copy : place);
          }
        }
      }
      names.add("/classes/" + copy.getFileName());
    }
    return String.join(":", names);
  }

  private void writeInitial(Path file, String init) throws IOException {
    try (OutputStream out = Files.newOutputStream(file);
        var archive = new CpioArchiveOutputStream(out, CpioConstants.FORMAT_NEW)) {
      for (String directory : List.of("bin", "modules", "proc", "sys", "dev", "root")) {
        var entry = new CpioArchiveEntry(CpioConstants.FORMAT_NEW, directory);
        entry.setMode(CpioConstants.C_ISDIR | 0755);
        archive.putArchiveEntry(entry);
        archive.closeArchiveEntry();
      }
      add(archive, "init", init.getBytes(StandardCharsets.UTF_8));
      add(archive, "bin/busybox", Files.readAllBytes(BUSYBOX));
      var order = new LinkedHashSet<String>();
      for (String module : MODULES) {
        addModule(archive, module, order);
      }
      add(archive, "modules/order", String.join("\n", order).getBytes(StandardCharsets.UTF_8));
    }
  }

  /** What it depends on first; nothing for what is built into the kernel. */
  private void addModule(CpioArchiveOutputStream archive, String name, Set<String> order)
      throws IOException {
    Path file;
    String pattern = name.replace('_', '-') + ".ko";
    try (Stream<Path> modules = Files.walk(kernel.resolve("lib/modules"))) {
      List<Path> found =
          modules
              .filter(p -> p.getFileName().toString().replace('_', '-').equals(pattern))
              .toList();
      if (found.isEmpty() || order.contains(name)) {
        return;
      }
      file = found.getFirst();
    }
    byte[] module = Files.readAllBytes(file);
    Matcher depends = DEPENDS.matcher(new String(module, StandardCharsets.ISO_8859_1));
    if (depends.find() && !depends.group(1).isEmpty()) {
      for (String needed : depends.group(1).split(",")) {
        addModule(archive, needed, order);
      }
    }
    add(archive, "modules/" + name + ".ko", module);
    order.add(name);
  }

  private static void add(CpioArchiveOutputStream archive, String name, byte[] content)
      throws IOException {
    var entry = new CpioArchiveEntry(CpioConstants.FORMAT_NEW, name, content.length);
    entry.setMode(CpioConstants.C_ISREG | 0755);
    archive.putArchiveEntry(entry);
    archive.write(content);
    archive.closeArchiveEntry();
  }

  private List<String> boot(Path disk, Path initial, Path console, Duration patience)
      throws IOException, InterruptedException {
    Path image;
    try (Stream<Path> boot = Files.list(kernel.resolve("boot"))) {
      image =
          boot.filter(p -> p.getFileName().toString().startsWith("vmlinuz-"))
              .findFirst()
              .orElseThrow();
    }
    Process machine =
        new ProcessBuilder(
                QEMU.toString(),
                "-M",
                "pc",
                "-accel",
                "tcg,thread=multi",
                "-cpu",
                "max",
                "-smp",
                "2",
                "-m",
                Integer.toString(MEMORY_MIB),
                "-nodefaults",
                "-no-reboot",
                "-display",
                "none",
                "-serial",
                "stdio",
                "-drive",
                "if=virtio,format=raw,cache=unsafe,file=" + disk,
                "-kernel",
                image.toString(),
                "-initrd",
                initial.toString(),
                "-append",
                "console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off")
            .redirectErrorStream(true)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(console.toFile())
            .start();
    try {
      machine.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS);
    } finally {
      machine.destroyForcibly().waitFor();
    }
    return Files.readString(console, StandardCharsets.ISO_8859_1).lines().toList();
  }

  private static String call(Object... command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(Stream.of(command).map(Object::toString).toList())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException("cannot prepare a guest: " + List.of(command) + ": " + output);
    }
    return output;
  }
}

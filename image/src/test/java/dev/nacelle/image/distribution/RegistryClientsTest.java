package dev.nacelle.image.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.image.distribution.RegistryAccess.Action;
import dev.nacelle.image.registry.MediaTypes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients that people use: Debian's skopeo and podman. */
class RegistryClientsTest {
  @TempDir Path directory;

  /** An image with a config and a layer, as a directory that skopeo reads. */
  @BeforeEach
  void makeImage() throws Exception {
    Path layout = Files.createDirectories(directory.resolve("image"));
    Path root = Files.createDirectories(directory.resolve("root/etc"));
    Files.writeString(root.resolve("motd"), "hello from the registry\n");
    sh("tar -C root -cf layer.tar etc");
    String layer = store(layout, Files.readAllBytes(directory.resolve("layer.tar")));
    String diff = layer.split(" ", 2)[0];
    String config =
        store(
            layout,
            """
            {"architecture":"amd64","os":"linux","config":{"Env":["A=b"]},\
            "rootfs":{"type":"layers","diff_ids":["%s"]}}"""
                .formatted(diff)
                .getBytes(StandardCharsets.UTF_8));
    String manifest =
        store(
            layout,
            """
            {"schemaVersion":2,"mediaType":"%s","config":\
            {"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%s},\
            "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar",\
            "digest":"%s","size":%s}]}"""
                .formatted(words(MediaTypes.OCI_MANIFEST, config, layer))
                .getBytes(StandardCharsets.UTF_8));
    Files.writeString(layout.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    Files.writeString(
        layout.resolve("index.json"),
        """
        {"schemaVersion":2,"manifests":[{"mediaType":"%s","digest":"%s","size":%s,\
        "annotations":{"org.opencontainers.image.ref.name":"it"}}]}"""
            .formatted(words(MediaTypes.OCI_MANIFEST, manifest)));
  }

  private static Object[] words(String... texts) {
    return String.join(" ", texts).split(" ");
  }

  /** The digest and the size, with a space between. */
  private static String store(Path layout, byte[] content) throws IOException {
    String digest = RunningRegistry.digest(dev.nacelle.base.bytes.Bytes.copyOf(content));
    Path blobs = Files.createDirectories(layout.resolve("blobs/sha256"));
    Files.write(blobs.resolve(digest.substring("sha256:".length())), content);
    return digest + " " + content.length;
  }

  private String sh(String command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder("sh", "-c", command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(Map.of(command, output).toString()).isZero();
    return output;
  }

  private String fails(String command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder("sh", "-c", command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(Map.of(command, output).toString()).isNotZero();
    return output;
  }

  private RunningRegistry open(RegistryAccess access) throws IOException {
    return RunningRegistry.open(
        directory.resolve("registry"),
        RegistryLimits.DEFAULT,
        access,
        PushListener.NONE,
        Clock.systemUTC());
  }

  private static void requireSkopeo() {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/skopeo")), "no skopeo on this machine");
  }

  private static final String SKOPEO = "skopeo --insecure-policy ";
  private static final String TO = " --dest-tls-verify=false ";
  private static final String FROM = " --src-tls-verify=false ";

  @Test
  void skopeoCopiesInspectsListsAndDeletes() throws Exception {
    requireSkopeo();
    try (var registry = open(RegistryAccess.OPEN)) {
      String app = "docker://" + registry.host() + "/team/app";
      sh(SKOPEO + "copy -q" + TO + "oci:image:it " + app + ":v1");
      sh(SKOPEO + "copy -q" + FROM + TO + app + ":v1 " + app + ":v2");
      assertThat(sh("skopeo list-tags --tls-verify=false " + app)).contains("\"v1\"", "\"v2\"");
      assertThat(sh("skopeo inspect --tls-verify=false " + app + ":v1"))
          .contains("\"Architecture\": \"amd64\"", "\"A=b\"");
      sh(SKOPEO + "copy -q" + FROM + app + ":v1 oci:back:it");
      assertThat(Files.readString(directory.resolve("back/index.json")))
          .contains(
              sh("skopeo inspect --tls-verify=false -f '{{.Digest}}' " + app + ":v1").strip());
      sh(SKOPEO + "copy -q --format v2s2" + FROM + TO + app + ":v1 " + app + ":docker");
      assertThat(sh("skopeo inspect --raw --tls-verify=false " + app + ":docker"))
          .contains(MediaTypes.DOCKER_MANIFEST);
      sh("skopeo delete --tls-verify=false " + app + ":v1");
      assertThat(fails("skopeo inspect --tls-verify=false " + app + ":v1"))
          .contains("manifest unknown");
    }
  }

  @Test
  void skopeoMountsLayersOfOtherRepositories() throws Exception {
    requireSkopeo();
    try (var registry = open(RegistryAccess.OPEN)) {
      String host = "docker://" + registry.host();
      sh(SKOPEO + "copy -q" + TO + "oci:image:it " + host + "/team/app:v1");
      sh(SKOPEO + "copy -q" + FROM + TO + host + "/team/app:v1 " + host + "/team/copy:v1");
      RegistryUsage usage = registry.registry().usage();
      assertThat(usage.namespaceBytes()).containsEntry("team", 2 * usage.totalBytes());
    }
  }

  @Test
  void skopeoLogsInByToken() throws Exception {
    requireSkopeo();
    var callers =
        new NamedCallers()
            .with("pusher", "secret", "team", Action.values())
            .with("reader", "please", "team", Action.PULL)
            .with("", "", "public", Action.PULL)
            .with("pusher", "secret", "public", Action.PULL, Action.PUSH);
    try (var registry = open(callers)) {
      String host = "docker://" + registry.host();
      sh(
          SKOPEO
              + "copy -q --dest-creds=pusher:secret"
              + TO
              + "oci:image:it "
              + host
              + "/team/a:v1");
      sh(SKOPEO + "copy -q --src-creds=reader:please" + FROM + host + "/team/a:v1 oci:back:it");
      assertThat(
              fails(
                  SKOPEO
                      + "copy -q --dest-creds=reader:please"
                      + TO
                      + "oci:image:it "
                      + host
                      + "/team/a:v2"))
          .contains("denied");
      assertThat(
              fails(
                  SKOPEO
                      + "copy -q --dest-creds=pusher:guess"
                      + TO
                      + "oci:image:it "
                      + host
                      + "/team/a:v2"))
          .containsIgnoringCase("unauthorized");
      assertThat(fails(SKOPEO + "copy -q" + FROM + host + "/team/a:v1 oci:anonymous:it"))
          .containsIgnoringCase("unauthorized");
      sh(SKOPEO + "copy -q --dest-creds=pusher:secret" + TO + "oci:image:it " + host + "/public/a");
      sh(SKOPEO + "copy -q" + FROM + host + "/public/a oci:anonymous:it");
      sh(
          "skopeo login --authfile=auth.json --tls-verify=false -u reader -p please "
              + registry.host());
      assertThat(
              fails(
                  "skopeo login --authfile=no.json --tls-verify=false -u reader -p no "
                      + registry.host()))
          .containsIgnoringCase("invalid username/password");
      sh("skopeo delete --creds=pusher:secret --tls-verify=false " + host + "/team/a:v1");
    }
  }

  @Test
  void skopeoCopiesFromDebiansRegistryAndBack() throws Exception {
    requireSkopeo();
    assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/docker-registry")),
        "no docker-registry on this machine");
    int port;
    try (var probe = new java.net.ServerSocket(0)) {
      port = probe.getLocalPort();
    }
    Path config =
        Files.writeString(
            directory.resolve("debian.yml"),
            "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: "
                + directory.resolve("debian")
                + "\nhttp:\n  addr: 127.0.0.1:"
                + port
                + "\n");
    Process debian =
        new ProcessBuilder("/usr/bin/docker-registry", "serve", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("debian.log").toFile())
            .start();
    try (var registry = open(RegistryAccess.OPEN)) {
      String theirs = "docker://127.0.0.1:" + port + "/a";
      String ours = "docker://" + registry.host() + "/a";
      sh(
          SKOPEO
              + "copy -q --retry-times=8"
              + TO
              + "oci:image:it "
              + theirs
              + ":v1 || ( while ! curl -sf http://127.0.0.1:"
              + port
              + "/v2/; do test -d /proc/"
              + debian.pid()
              + " || exit 1; done; "
              + SKOPEO
              + "copy -q"
              + TO
              + "oci:image:it "
              + theirs
              + ":v1 )");
      sh(SKOPEO + "copy -q" + FROM + TO + theirs + ":v1 " + ours + ":v1");
      sh(SKOPEO + "copy -q" + FROM + TO + ours + ":v1 " + theirs + ":v2");
      String first = sh("skopeo inspect --tls-verify=false -f '{{.Digest}}' " + ours + ":v1");
      assertThat(sh("skopeo inspect --tls-verify=false -f '{{.Digest}}' " + theirs + ":v2"))
          .isEqualTo(first);
    } finally {
      debian.destroyForcibly().waitFor();
    }
  }

  @Test
  void podmanPushesAndPulls() throws Exception {
    requireSkopeo();
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/podman")), "no podman on this machine");
    String podman =
        "podman --storage-driver=vfs --root="
            + directory.resolve("storage")
            + " --runroot="
            + directory.resolve("run")
            + " --tmpdir="
            + directory.resolve("libpod")
            + " --cgroup-manager=cgroupfs --events-backend=none ";
    assumeTrue(
        new ProcessBuilder("sh", "-c", podman + "images")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor()
            == 0,
        "podman cannot run on this machine");
    var callers = new NamedCallers().with("pusher", "secret", "team", Action.values());
    try (var registry = open(callers)) {
      String name = registry.host() + "/team/app:v1";
      String options = "-q --tls-verify=false --creds=pusher:secret ";
      sh(podman + "pull -q oci:image:it");
      String id = sh(podman + "images -q").strip();
      sh(podman + "push " + options + id + " " + name);
      sh(podman + "rmi -f " + id);
      assertThat(sh(podman + "images -q").strip()).isEmpty();
      String pulled = sh(podman + "pull " + options + name).strip();
      assertThat(pulled).startsWith(id);
      String mount = sh(podman + "image mount " + pulled).strip();
      assertThat(Files.readString(Path.of(mount, "etc/motd")))
          .isEqualTo("hello from the registry\n");
    }
  }
}

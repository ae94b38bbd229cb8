package dev.nacelle.api.client;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.TlsIdentity;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.base.json.YamlReader;
import dev.nacelle.base.pki.Pem;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * What the current context of a kubeconfig says ({@code v1 Config}): where the server is, whom to
 * trust, and who to be. Credential plug-ins and servers that are not verified are refused.
 *
 * @param authorities empty: those of the platform
 */
public record Kubeconfig(
    URI server,
    List<X509Certificate> authorities,
    Optional<TlsIdentity> identity,
    Optional<String> token) {
  private static final long MAX_BYTES = 4 << 20;

  public Kubeconfig {
    authorities = List.copyOf(authorities);
  }

  /**
   * Reads a file; files that it names are looked for beside it.
   *
   * @throws IOException if it cannot be read, or is not what it should be; the message names it
   */
  public static Kubeconfig read(Path file) throws IOException {
    Path directory = file.toAbsolutePath().resolveSibling("");
    return parse(bounded(file), directory, file.toString());
  }

  /**
   * Reads a text that was not a file; it cannot name files by relative paths.
   *
   * @param name for messages
   */
  public static Kubeconfig parse(Bytes text, String name) throws IOException {
    return parse(text, Path.of("/"), name);
  }

  private static Kubeconfig parse(Bytes text, Path directory, String name) throws IOException {
    try {
      if (!(YamlReader.read(text) instanceof JsonObject config)) {
        throw new IOException("it is not a YAML mapping");
      }
      return new Parsing(config, directory).parse();
    } catch (IOException | CertificateException | IllegalArgumentException e) {
      throw new IOException("cannot use the kubeconfig " + name + ": " + e.getMessage(), e);
    } catch (JsonSyntaxException e) {
      throw new IOException("cannot read the kubeconfig " + name + ": " + e.getMessage(), e);
    }
  }

  private static Bytes bounded(Path file) throws IOException {
    if (Files.size(file) > MAX_BYTES) {
      throw new IOException("cannot read " + file + ": it is larger than " + MAX_BYTES + " bytes");
    }
    return Bytes.wrap(Files.readAllBytes(file));
  }

  /** A client of this server, as this user. */
  public HttpApiClient client(String userAgent) {
    var builder = HttpApiClient.builder(server).userAgent(userAgent).trust(authorities);
    identity.ifPresent(i -> builder.identity(() -> i));
    token.ifPresent(t -> builder.token(() -> t));
    return builder.build();
  }

  /** One reading. */
  private record Parsing(JsonObject config, Path directory) {

    Kubeconfig parse() throws IOException, CertificateException {
      String current = config.string("current-context").orElse("");
      JsonObject context = JsonObject.EMPTY;
      JsonObject cluster;
      if (current.isEmpty() && config.array("clusters").size() == 1) {
        // kubeadm's cluster-info names a cluster only
        cluster = config.array("clusters").objects().findFirst().orElse(JsonObject.EMPTY);
        cluster = cluster.object("cluster");
      } else {
        context = named("contexts", "context", current);
        cluster = named("clusters", "cluster", context.string("cluster").orElse(""));
      }
      String userName = context.string("user").orElse("");
      JsonObject user = userName.isEmpty() ? JsonObject.EMPTY : named("users", "user", userName);
      if (cluster.bool("insecure-skip-tls-verify").orElse(false)) {
        throw new IOException("insecure-skip-tls-verify is not supported; give the authority");
      }
      if (user.has("exec") || user.has("auth-provider")) {
        throw new IOException("credential plug-ins are not supported");
      }
      Optional<String> authority = content(cluster, "certificate-authority");
      return new Kubeconfig(
          URI.create(
              cluster
                  .string("server")
                  .filter(s -> !s.isEmpty())
                  .orElseThrow(() -> new IOException("it names no server"))),
          authority.isPresent() ? Pem.certificates(authority.get()) : List.of(),
          identity(user),
          token(user));
    }

    private Optional<TlsIdentity> identity(JsonObject user)
        throws IOException, CertificateException {
      Optional<String> certificate = content(user, "client-certificate");
      Optional<String> key = content(user, "client-key");
      if (certificate.isEmpty() && key.isEmpty()) {
        return Optional.empty();
      }
      if (certificate.isEmpty() || key.isEmpty()) {
        throw new IOException("the user has a client certificate or a client key, but not both");
      }
      return Optional.of(
          new TlsIdentity(Pem.privateKey(key.get()), Pem.certificates(certificate.get())));
    }

    private Optional<String> token(JsonObject user) throws IOException {
      Optional<String> written = user.string("token").filter(t -> !t.isEmpty());
      Optional<String> file = user.string("tokenFile").filter(f -> !f.isEmpty());
      return written.isPresent() || file.isEmpty()
          ? written
          : Optional.of(bounded(directory.resolve(file.get())).toUtf8().strip());
    }

    private JsonObject named(String list, String member, String name) throws IOException {
      for (Json entry : config.array(list)) {
        if (entry instanceof JsonObject object
            && object.string("name").filter(name::equals).isPresent()) {
          return object.object(member);
        }
      }
      throw new IOException("it has no " + member + " \"" + name + "\"");
    }

    /** The base64 in {@code NAME-data}, else the file that {@code NAME} tells. */
    private Optional<String> content(JsonObject of, String name) throws IOException {
      Optional<String> data = of.string(name + "-data").filter(d -> !d.isEmpty());
      if (data.isPresent()) {
        byte[] decoded = Base64.getMimeDecoder().decode(data.get());
        return Optional.of(new String(decoded, StandardCharsets.UTF_8));
      }
      Optional<String> file = of.string(name).filter(f -> !f.isEmpty());
      return file.isPresent()
          ? Optional.of(bounded(directory.resolve(file.get())).toUtf8())
          : Optional.empty();
    }
  }
}

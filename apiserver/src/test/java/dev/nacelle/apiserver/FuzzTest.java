package dev.nacelle.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Well-framed nonsense: whatever the target, the parameters and the body, the answer is one of
 * those that the API has, never a failure of the server, and the connection stays. The seed is
 * fixed unless {@code NACELLE_FUZZ_SEED} says otherwise; a failure shows the request.
 */
class FuzzTest {
  private static final int REQUESTS = 3_000;
  private static final long SEED =
      Long.parseLong(System.getenv().getOrDefault("NACELLE_FUZZ_SEED", "20"));
  private static final List<String> METHODS =
      List.of("GET", "GET", "POST", "PUT", "PATCH", "PATCH", "PATCH", "DELETE", "HEAD", "OPTIONS");
  private static final List<String> PATHS =
      List.of(
          "/api/v1/namespaces/default/pods",
          "/api/v1/namespaces/default/pods/p",
          "/api/v1/namespaces/default/pods/p/status",
          "/api/v1/namespaces/default/pods/p/binding",
          "/api/v1/namespaces/default/pods/p/eviction",
          "/api/v1/namespaces/default/pods/p/log",
          "/api/v1/namespaces/default/pods/p/exec",
          "/api/v1/namespaces/default/pods/p/resize",
          "/api/v1/namespaces/default/pods/p/ephemeralcontainers",
          "/api/v1/namespaces/default/configmaps",
          "/api/v1/namespaces/default/configmaps/c",
          "/api/v1/namespaces/default/services/s",
          "/api/v1/namespaces/default/serviceaccounts/a/token",
          "/api/v1/namespaces/default/bindings",
          "/api/v1/namespaces/x/finalize",
          "/api/v1/nodes",
          "/apis/apps/v1/namespaces/default/deployments",
          "/apis/apps/v1/namespaces/default/deployments/d",
          "/apis/apps/v1/namespaces/default/deployments/d/scale",
          "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
          "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
          "/apis/coordination.k8s.io/v1/namespaces/default/leases/l",
          "/api",
          "/apis",
          "/openapi/v3/api/v1",
          "/openapi/v2",
          "/metrics",
          "/readyz/etcd");
  private static final List<String> PARAMETERS =
      List.of(
          "labelSelector",
          "fieldSelector",
          "limit",
          "continue",
          "resourceVersion",
          "resourceVersionMatch",
          "timeoutSeconds",
          "timeout",
          "dryRun",
          "fieldManager",
          "fieldValidation",
          "force",
          "pretty",
          "includeObject",
          "allowWatchBookmarks",
          "sendInitialEvents",
          "gracePeriodSeconds",
          "propagationPolicy",
          "orphanDependents",
          "container");
  private static final List<String> VALUES =
      List.of(
          "",
          "0",
          "1",
          "-1",
          "true",
          "false",
          "All",
          "Apply",
          "99999999999999999999",
          "1e9",
          "5s",
          "a=b",
          "a in (b,c)",
          "!a",
          "a in (",
          "metadata.name=p",
          "spec.nodeName!=",
          "=",
          ",,",
          "Strict",
          "Exact",
          "NotOlderThan",
          "Foreground",
          "eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ",
          "%",
          "\u0000",
          "\ud83d\ude00",
          "a\nb",
          "../..",
          "'\"<>");
  private static final List<String> MEDIA_TYPES =
      List.of(
          "application/json",
          "application/yaml",
          "application/merge-patch+json",
          "application/strategic-merge-patch+json",
          "application/json-patch+json",
          "application/apply-patch+yaml",
          "application/vnd.kubernetes.protobuf",
          "text/plain",
          "");
  private static final List<String> BODIES =
      List.of(
          "",
          "{}",
          "[]",
          "null",
          "1e400",
          "\"text\"",
          "{\"metadata\":null}",
          "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}",
          "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\",\"labels\":{\"a\":\"b\"}},"
              + "\"spec\":{\"nodeName\":\"n\",\"containers\":[{\"name\":\"c\",\"image\":\"i\","
              + "\"ports\":[{\"containerPort\":80}],\"resources\":{\"limits\":{\"cpu\":\"1\"}}}]}}",
          "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"c\"},\"data\":{\"k\":\"v\"}}",
          "{\"metadata\":{\"name\":\"s\"},\"spec\":{\"ports\":[{\"port\":80,\"nodePort\":30001}],"
              + "\"type\":\"NodePort\",\"clusterIP\":\"10.128.0.7\"}}",
          "{\"metadata\":{\"name\":\"d\"},\"spec\":{\"replicas\":2,\"selector\":{\"matchLabels\":{\"a\":\"b\"}},"
              + "\"template\":{\"metadata\":{\"labels\":{\"a\":\"b\"}},\"spec\":{\"containers\":"
              + "[{\"name\":\"c\",\"image\":\"i\"}]}}}}",
          "{\"spec\":{\"replicas\":3}}",
          "{\"target\":{\"kind\":\"Node\",\"name\":\"n\"},\"metadata\":{\"name\":\"p\"}}",
          "{\"status\":{\"phase\":\"Running\",\"$setElementOrder/conditions\":[{\"type\":\"Ready\"}],"
              + "\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}",
          "{\"spec\":{\"$patch\":\"replace\",\"containers\":[{\"$patch\":\"delete\",\"name\":\"c\"}]}}",
          "{\"$retainKeys\":[\"a\"],\"$deleteFromPrimitiveList/finalizers\":[\"a\"]}",
          "[{\"op\":\"add\",\"path\":\"/metadata/labels/x\",\"value\":\"y\"},{\"op\":\"remove\",\"path\":\"/spec\"}]",
          "[{\"op\":\"move\",\"from\":\"/metadata\",\"path\":\"/metadata/a\"},{\"op\":\"test\",\"path\":\"\"}]",
          "kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: c\ndata: {k: yes}\n",
          "a: &a [*a]\n",
          "k8s\u0000\n\u0002v1\u0012\u0003Pod");

  private final Random random = new Random(SEED);

  @Test
  void nonsenseNeverFailsTheServerNorEndsTheConnection(@TempDir Path directory) throws Exception {
    var failures = new ArrayList<String>();
    try (TestServer server = TestServer.start(directory.resolve("store"), 0)) {
      int port = URI.create(server.url()).getPort();
      try (var wire = new Wire(port)) {
        for (int i = 0; i < REQUESTS; i++) {
          String method = pick(METHODS);
          String target = target();
          String mediaType = pick(MEDIA_TYPES);
          String body = method.equals("GET") || method.equals("HEAD") ? "" : body();
          int code;
          try {
            code = wire.ask(method, target, mediaType, body);
          } catch (IOException e) {
            throw new AssertionError(shown(method, target, mediaType, body) + ": " + e, e);
          }
          if (code == 500 || code < 200 || code > 504) {
            failures.add(code + " " + shown(method, target, mediaType, body));
          }
        }
      }
    }
    assertThat(failures).isEmpty();
  }

  private static String shown(String method, String target, String mediaType, String body) {
    return "seed " + SEED + ": " + method + " " + target + " [" + mediaType + "] " + body;
  }

  private <T> T pick(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  private String target() {
    String path = pick(PATHS);
    if (random.nextInt(4) == 0) {
      int at = random.nextInt(path.length()) + 1;
      path = path.substring(0, at) + encoded(pick(VALUES)) + path.substring(at);
    }
    var query = new StringBuilder();
    for (int i = random.nextInt(4); i > 0; i--) {
      query.append(query.isEmpty() ? '?' : '&');
      query.append(pick(PARAMETERS)).append('=').append(encoded(pick(VALUES)));
    }
    if (random.nextInt(200) == 0) {
      query.append(query.isEmpty() ? '?' : '&').append("watch=true");
    }
    // a watch ends at once
    return query.indexOf("watch=true") >= 0 || path.contains("/watch/")
        ? path + (query.isEmpty() ? "?" : query + "&") + "timeoutSeconds=1"
        : path + query;
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private String body() {
    String body = pick(BODIES);
    for (int i = random.nextInt(3); i > 0 && !body.isEmpty(); i--) {
      int at = random.nextInt(body.length());
      body =
          switch (random.nextInt(5)) {
            case 0 -> body.substring(0, at) + body.substring(Math.min(body.length(), at + 3));
            case 1 -> body.substring(0, at) + pick(VALUES) + body.substring(at);
            case 2 -> body.substring(0, at) + (char) random.nextInt(0x300) + body.substring(at + 1);
            case 3 ->
                body.replaceFirst("\"[a-z]+\"", pick(List.of("1", "null", "[]", "{}", "true")));
            default -> body.substring(0, at);
          };
    }
    return body;
  }

  /** One connection that is kept: to lose it is a failure. */
  private static final class Wire implements AutoCloseable {
    private final Socket socket;
    private final InputStream in;

    Wire(int port) throws IOException {
      socket = new Socket("127.0.0.1", port);
      socket.setSoTimeout(30_000);
      in = new BufferedInputStream(socket.getInputStream());
    }

    int ask(String method, String target, String mediaType, String body) throws IOException {
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      String head =
          method
              + " "
              + target
              + " HTTP/1.1\r\nhost: x\r\n"
              + (mediaType.isEmpty() ? "" : "content-type: " + mediaType + "\r\n")
              + "content-length: "
              + bytes.length
              + "\r\n\r\n";
      var all = new ByteArrayOutputStream();
      all.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
      all.writeBytes(bytes);
      socket.getOutputStream().write(all.toByteArray());
      int code = Integer.parseInt(line().split(" ")[1]);
      int length = 0;
      boolean chunked = false;
      for (String field = line(); !field.isEmpty(); field = line()) {
        if (field.startsWith("content-length: ")) {
          length = Integer.parseInt(field.substring(16));
        }
        chunked |= field.equals("transfer-encoding: chunked");
      }
      if (!method.equals("HEAD")) {
        if (chunked) {
          for (int size = Integer.parseInt(line(), 16); size > 0; ) {
            in.skipNBytes(size);
            line();
            size = Integer.parseInt(line(), 16);
          }
          line();
        } else {
          in.skipNBytes(length);
        }
      }
      return code;
    }

    private String line() throws IOException {
      var text = new StringBuilder();
      for (int c = in.read(); c != '\n'; c = in.read()) {
        if (c < 0) {
          throw new EOFException("the server ended the connection");
        }
        if (c != '\r') {
          text.append((char) c);
        }
      }
      return text.toString();
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}

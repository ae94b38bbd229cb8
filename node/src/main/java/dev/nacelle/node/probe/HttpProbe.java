package dev.nacelle.node.probe;

import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpResponse;
import dev.nacelle.base.http.UnreachableException;
import dev.nacelle.base.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** One try of an httpGet probe, on a connection of its own. */
final class HttpProbe {
  private static final String AGENT = "kube-probe/1.36";
  private static final int MAX_REDIRECTS = 10;

  /** The time of a try is kept from outside, by an interrupt; this is only longer than any. */
  private static final Duration LONGEST = Duration.ofHours(1);

  /** Holds neither threads nor connections. */
  private static final HttpClient CLIENT =
      HttpClient.builder()
          .trustAnyServer()
          .connectTimeout(LONGEST)
          .readTimeout(LONGEST)
          .newConnectionEachTime()
          .build();

  private final JsonObject target;
  private final String host;
  private final int port;
  private final Duration timeout;

  HttpProbe(JsonObject target, String host, int port, Duration timeout) {
    this.target = target;
    this.host = host;
    this.port = port;
    this.timeout = timeout;
  }

  /** Within the timeout, however slowly the server speaks. */
  ProbeResult run() throws InterruptedException {
    URI uri;
    try {
      uri = uri();
    } catch (URISyntaxException e) {
      return new ProbeResult.Unknown("invalid path: " + target.string("path").orElse(""));
    }
    var task = new FutureTask<>(() -> get(uri));
    Thread thread = Thread.ofVirtual().name("http probe").start(task);
    try {
      return task.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return new ProbeResult.Failed(
          "Get \""
              + uri
              + "\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
    } catch (ExecutionException e) {
      return new ProbeResult.Unknown(String.valueOf(e.getMessage()));
    } finally {
      thread.interrupt();
    }
  }

  private URI uri() throws URISyntaxException {
    String scheme = target.string("scheme").orElse("HTTP").toLowerCase(Locale.ROOT);
    String path = target.string("path").filter(p -> !p.isEmpty()).orElse("/");
    return new URI(scheme + "://" + host + ":" + port + (path.startsWith("/") ? path : "/" + path));
  }

  private ProbeResult get(URI uri) throws InterruptedException {
    URI present = uri;
    try {
      for (int followed = 0; followed <= MAX_REDIRECTS; followed++) {
        try (HttpResponse response = CLIENT.send(HttpRequest.get(present).with(headers()))) {
          int status = response.status();
          Optional<URI> next =
              status >= 300 && status < 400 && status != 304
                  ? response.headers().first("location").map(present::resolve)
                  : Optional.empty();
          // another host is not ours to ask: the redirect itself is answer enough
          if (next.filter(n -> host.equals(n.getHost())).isEmpty()) {
            return status >= 200 && status < 400
                ? ProbeResult.PASSED
                : new ProbeResult.Failed("HTTP probe failed with statuscode: " + status);
          }
          present = next.get();
        }
      }
      return new ProbeResult.Failed(
          "Get \"" + present + "\": stopped after " + MAX_REDIRECTS + " redirects");
    } catch (UnreachableException e) {
      String text = "Get \"" + present + "\": " + e.dialError();
      return text.endsWith("connect: " + ProbeRunner.REFUSED)
          ? new ProbeResult.Refused(text)
          : new ProbeResult.Failed(text);
    } catch (IOException | IllegalArgumentException e) {
      IOException cause = e instanceof IOException io ? io : new IOException(e);
      return ProbeRunner.notReached("Get \"" + present + "\": ", cause);
    }
  }

  private Headers headers() {
    var headers = Headers.builder().set("user-agent", AGENT).set("accept", "*/*");
    target
        .array("httpHeaders")
        .objects()
        .filter(h -> !h.string("name").orElse("").isEmpty())
        .forEach(h -> headers.set(h.string("name").orElseThrow(), h.string("value").orElse("")));
    return headers.set("connection", "close").build();
  }
}

package dev.nacelle.app;

import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.HttpServer;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.base.trace.Timeline;
import dev.nacelle.cli.Host;
import dev.nacelle.cli.ImageRequest;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Answers the verbs of the command line on {@code DIR/nacelle.sock}, which is the owner's alone.
 */
final class ControlServer implements AutoCloseable {
  private static final int MAX_BODY = 1 << 20;

  /** What the verbs ask of the running parts; empty where a part does not run here. */
  record Services(
      Platform platform,
      Timeline timeline,
      Optional<ImageWork> images,
      Optional<People> people,
      Host.Diagnosis doctor) {}

  private final Services services;
  private final HttpServer server;

  private ControlServer(Layout layout, EventLoops loops, Services services) throws IOException {
    this.services = services;
    Files.deleteIfExists(layout.socket());
    this.server =
        HttpServer.builder(loops, this::handle)
            .bind(UnixDomainSocketAddress.of(layout.socket()))
            .start();
    Files.setPosixFilePermissions(layout.socket(), PosixFilePermissions.fromString("rw-------"));
  }

  static ControlServer start(Layout layout, EventLoops loops, Services services)
      throws IOException {
    return new ControlServer(layout, loops, services);
  }

  @Override
  public void close() {
    server.close(Duration.ofMillis(200));
  }

  private void handle(HttpExchange exchange) throws Exception {
    try {
      if ((exchange.method() + " " + exchange.path()).equals("POST /v1/images")) {
        images(exchange);
        return;
      }
      JsonObject answer = answer(exchange);
      respond(exchange, 200, answer);
    } catch (ApiException e) {
      respond(exchange, e.code(), e.status().toJson());
    } catch (InterruptedException e) {
      throw e;
    } catch (JsonSyntaxException e) {
      respond(exchange, 400, message(e));
    } catch (RuntimeException | IOException e) {
      respond(exchange, 500, message(e));
    }
  }

  private static JsonObject message(Exception e) {
    return JsonObject.builder().put("message", String.valueOf(e.getMessage())).build();
  }

  private JsonObject answer(HttpExchange exchange) throws Exception {
    String request = exchange.method() + " " + exchange.path();
    return switch (request) {
      case "GET /v1/status" -> status();
      case "GET /v1/waterfall" -> waterfall(exchange.query().first("uid").orElse(""));
      case "GET /v1/doctor" -> lines(services.doctor().lines());
      case "POST /v1/shutdown" -> {
        boolean all = body(exchange).bool("all").orElse(false);
        services.platform().shutDown(all ? Platform.Ask.RELEASE : Platform.Ask.LEAVE_PODS);
        yield JsonObject.EMPTY;
      }
      case "POST /v1/kubeconfig" -> people().kubeconfig(body(exchange));
      case "POST /v1/tokens" -> people().token(body(exchange));
      default -> throw ApiException.notFound();
    };
  }

  private JsonObject status() {
    JsonObject facts = services.platform().facts().with("version", Json.of(Version.text()));
    return services.images().map(images -> facts.with("images", images.disk())).orElse(facts);
  }

  private People people() {
    return services
        .people()
        .orElseThrow(
            () -> ApiException.badRequest("this host does not run the API: ask where it runs"));
  }

  private void images(HttpExchange exchange) throws IOException, InterruptedException {
    ImageWork work =
        services
            .images()
            .orElseThrow(() -> ApiException.badRequest("this host does not run the node"));
    JsonObject body = body(exchange);
    Host.ImageVerb verb;
    try {
      verb = ImageRequest.read(body);
    } catch (IllegalArgumentException e) {
      throw ApiException.badRequest(String.valueOf(e.getMessage()));
    }
    if (body.bool("stream").orElse(false)) {
      ImageStreams.answer(exchange, work, verb);
    } else {
      respond(exchange, 200, ImageStreams.whole(work, verb));
    }
  }

  private static JsonObject lines(List<String> lines) {
    return JsonObject.builder().put("lines", JsonArray.ofStrings(lines)).build();
  }

  private JsonObject waterfall(String uid) {
    List<Timeline.Mark> marks = services.timeline().stages(uid);
    var stages = new ArrayList<Json>();
    if (!marks.isEmpty()) {
      Instant first = marks.getFirst().at();
      for (Timeline.Mark mark : marks) {
        stages.add(
            JsonObject.builder()
                .put("stage", mark.stage())
                .put("micros", Duration.between(first, mark.at()).toNanos() / 1_000)
                .build());
      }
    }
    return JsonObject.builder().put("stages", new JsonArray(stages)).build();
  }

  private static JsonObject body(HttpExchange exchange) throws IOException, InterruptedException {
    return JsonReader.readObject(exchange.body(MAX_BODY));
  }

  private static void respond(HttpExchange exchange, int status, JsonObject body) {
    Bytes bytes = JsonWriter.write(body);
    exchange.respond(status, Headers.contentType("application/json"), bytes);
  }
}

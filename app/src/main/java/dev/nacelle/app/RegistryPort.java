package dev.nacelle.app;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.DurableFiles;
import dev.nacelle.base.http.HttpServer;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.base.json.JsonWriter;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Where the registry listens. The port is part of the names of images: it is chosen once, from
 * those that the kernel gives to nobody by itself and NodePort Services do not have, and is kept.
 *
 * @param file where it is kept
 * @param wanted what the user says; kept too
 * @param index of the instance on this host: each begins to look elsewhere
 * @param others a port that is somebody else's although nobody listens there yet
 */
record RegistryPort(Path file, Optional<Integer> wanted, int index, int others) {
  private static final int FIRST = 25_000;
  private static final int APART = 20;
  private static final int TRIES = 400;

  /** Binds a server. */
  interface Listening {
    HttpServer at(InetSocketAddress address) throws IOException;
  }

  /** Listens on all addresses at the port that was wanted, else the one from before, else a new. */
  HttpServer listen(Listening listening) throws IOException, StartException {
    OptionalInt known = known();
    if (wanted.isPresent()) {
      HttpServer server = at(listening, wanted.get(), "choose another with --registry-port");
      keep(server.port(), known);
      return server;
    }
    if (known.isPresent()) {
      return at(
          listening,
          known.getAsInt(),
          "images are named by it: free it, or choose another with --registry-port");
    }
    int first = FIRST + index * APART;
    for (int port = first; port < first + TRIES; port++) {
      if (port != others && PortProbe.isFree(port)) {
        try {
          HttpServer server = listening.at(new InetSocketAddress("0.0.0.0", port));
          keep(port, known);
          return server;
        } catch (IOException e) {
          // somebody was faster: the next one
        }
      }
    }
    throw new StartException(
        "cannot start the registry: the ports %d to %d are taken; choose one with --registry-port"
            .formatted(first, first + TRIES - 1));
  }

  private static HttpServer at(Listening listening, int port, String advice) throws StartException {
    try {
      return listening.at(new InetSocketAddress("0.0.0.0", port));
    } catch (IOException e) {
      throw new StartException(
          "cannot start the registry on port " + port + ": " + e.getMessage() + "; " + advice, e);
    }
  }

  private OptionalInt known() throws IOException {
    if (!Files.exists(file)) {
      return OptionalInt.empty();
    }
    try {
      JsonObject json = JsonReader.readObject(Bytes.wrap(Files.readAllBytes(file)));
      return OptionalInt.of((int) json.integer("port").orElseThrow());
    } catch (JsonSyntaxException | java.util.NoSuchElementException e) {
      throw new IOException("cannot read " + file + ": it names no port; remove it", e);
    }
  }

  private void keep(int port, OptionalInt known) throws IOException {
    if (!known.equals(OptionalInt.of(port))) {
      DurableFiles.writeAtomically(
          file,
          JsonWriter.write(JsonObject.builder().put("port", port).build()),
          DurableFiles.Mode.EVERYBODY_READS);
    }
  }
}

package dev.nacelle.app;

import dev.nacelle.base.json.JsonObject;
import dev.nacelle.cli.ControlClient;
import dev.nacelle.cli.VerbException;
import java.nio.file.Path;

/** What a new platform is used for while the start-up cache is made. */
final class TrainingLoad {
  private TrainingLoad() {}

  static void run(Path data) {
    try (ControlClient control = ControlClient.connect(data)) {
      control.get("/v1/status");
      control.post("/v1/shutdown", JsonObject.builder().put("all", true).build());
    } catch (VerbException e) {
      System.err.println("nacelle: " + e.getMessage());
      Runtime.getRuntime().halt(1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

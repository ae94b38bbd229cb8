package dev.nacelle.node.stream;

import dev.nacelle.base.json.JsonObject;
import dev.nacelle.runtime.ProcessStreams;
import java.io.OutputStream;

/** The client's end of a remote command, however its streams are carried. */
interface CommandClient {
  /** To the client; swallows what it did not ask for. For one thread. */
  OutputStream stdout();

  /** As {@link #stdout}. */
  OutputStream stderr();

  /**
   * Carries input, the end of input and terminal sizes to a process for as long as the client is
   * there. Returns when it has left or was {@link #finish finished}.
   */
  void carryInput(ProcessStreams process);

  /** Tells how the command ended, after all output, and ends the connection. */
  void finish(JsonObject status);
}

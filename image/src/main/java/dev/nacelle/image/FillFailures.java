package dev.nacelle.image;

/** Told, on any thread and often, of reads that could not be given their bytes. */
@FunctionalInterface
interface FillFailures {
  /**
   * @param layerKey of the layer
   * @param message names the layer, the chunk, and what each source answered
   */
  void failed(String layerKey, String message);
}

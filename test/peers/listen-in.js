// Runs in each page of the browser tests before its own scripts: the microphone is a pure tone of `testTone` Hz, and
// every incoming track is analysed, so that `heard()` does not depend on what the page itself believes.
const audio = new AudioContext();
navigator.mediaDevices.getUserMedia = async () => {
  await audio.resume();
  const oscillator = new OscillatorNode(audio, { frequency: globalThis.testTone });
  const out = new MediaStreamAudioDestinationNode(audio);
  oscillator.connect(new GainNode(audio, { gain: 0.3 })).connect(out);
  oscillator.start();
  return out.stream;
};

let analyser;
const connections = [];
globalThis.RTCPeerConnection = class extends globalThis.RTCPeerConnection {
  constructor(configuration) {
    super(configuration);
    connections.push(this);
    this.addEventListener('track', (event) => {
      analyser = new AnalyserNode(audio, { fftSize: 8192 });
      new MediaStreamAudioSourceNode(audio, { mediaStream: new MediaStream([event.track]) }).connect(analyser);
    });
  }
};

globalThis.heard = async () => {
  await audio.resume();
  let packets = 0;
  for (const report of (await connections.at(-1)?.getStats())?.values() ?? [])
    if (report.type === 'inbound-rtp') packets += report.packetsReceived ?? 0;
  if (analyser === undefined) return { hz: 0, level: 0, packets };
  const bins = new Uint8Array(analyser.frequencyBinCount);
  analyser.getByteFrequencyData(bins);
  const peak = Math.max(...bins);
  return { hz: (bins.indexOf(peak) * audio.sampleRate) / analyser.fftSize, level: peak / 255, packets };
};

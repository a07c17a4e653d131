// Sound in and out: the microphone or a test tone, the ring tone, and a look at what is heard.

/** What the others hear. */
export type Source = 'microphone' | 'tone';

let shared: AudioContext | undefined;

function context(): AudioContext {
  shared ??= new AudioContext();
  if (shared.state === 'suspended') void shared.resume();
  return shared;
}

/** A sound to send, and the way to end it. */
export interface Sending {
  readonly source: Source;
  readonly stream: MediaStream;
  stop(): void;
}

/** The frequency of somebody's test tone, in hertz: each name has its own. */
export function toneOf(name: string): number {
  const tones = [440, 554, 659, 784, 880, 988];
  let sum = 0;
  for (const unit of name) sum += unit.codePointAt(0) ?? 0;
  return tones[sum % tones.length] ?? 440;
}

/** Opens the microphone; falls back to the tone when there is none or it may not be used. */
export async function open(source: Source, name: string): Promise<Sending> {
  if (source === 'microphone') {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      return { source, stream, stop: () => stream.getTracks().forEach((track) => track.stop()) };
    } catch {
      // No device, no permission, or a page that is neither https nor localhost.
    }
  }
  return tone(name);
}

function tone(name: string): Sending {
  const audio = context();
  const oscillator = new OscillatorNode(audio, { frequency: toneOf(name) });
  const gain = new GainNode(audio, { gain: 0.15 });
  // A slow swell is easier on the ear than a steady beep.
  const swell = new OscillatorNode(audio, { frequency: 0.8 });
  const depth = new GainNode(audio, { gain: 0.08 });
  const out = new MediaStreamAudioDestinationNode(audio);
  swell.connect(depth).connect(gain.gain);
  oscillator.connect(gain).connect(out);
  oscillator.start();
  swell.start();
  const stop = (): void => {
    oscillator.stop();
    swell.stop();
  };
  return { source: 'tone', stream: out.stream, stop };
}

/** Rings softly until it is stopped; silent as long as the browser allows no sound. */
export function ring(): () => void {
  const audio = context();
  const gain = new GainNode(audio, { gain: 0 });
  const notes = [523, 659].map((frequency) => new OscillatorNode(audio, { frequency }));
  for (const note of notes) note.connect(gain);
  gain.connect(audio.destination);
  for (const note of notes) note.start();
  const chime = (): void => {
    const now = audio.currentTime;
    for (const at of [0, 0.35]) {
      gain.gain.setTargetAtTime(0.06, now + at, 0.02);
      gain.gain.setTargetAtTime(0, now + at + 0.18, 0.06);
    }
  };
  chime();
  const timer = setInterval(chime, 2400);
  return () => {
    clearInterval(timer);
    gain.gain.setTargetAtTime(0, audio.currentTime, 0.01);
    for (const note of notes) note.stop(audio.currentTime + 0.1);
  };
}

/** Tells again and again how loud a stream is (0 to 1) and which frequency stands out. */
export function listen(stream: MediaStream, hear: (level: number, hertz: number) => void): () => void {
  const audio = context();
  const input = new MediaStreamAudioSourceNode(audio, { mediaStream: stream });
  const analyser = new AnalyserNode(audio, { fftSize: 4096, smoothingTimeConstant: 0.4 });
  input.connect(analyser);
  const bins = new Uint8Array(analyser.frequencyBinCount);
  const timer = setInterval(() => {
    analyser.getByteFrequencyData(bins);
    const peak = Math.max(...bins);
    hear(peak / 255, (bins.indexOf(peak) * audio.sampleRate) / analyser.fftSize);
  }, 120);
  return () => {
    clearInterval(timer);
    input.disconnect();
    hear(0, 0);
  };
}

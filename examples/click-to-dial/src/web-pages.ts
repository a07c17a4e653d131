import { LiveUpdates } from './live-updates.ts';
import { ModelFacade } from './model-facade.ts';
import { directoryPage, errorPage, loginPage, type LoginView, type SiteView } from './view/pages.ts';

/** Makes the pages from the data. */
export class WebPages {
  readonly #model: ModelFacade;
  readonly #live: LiveUpdates;
  readonly #site: () => SiteView;

  /** `site` is asked for each page, because the SIP port is known only once it is open. */
  constructor(model: ModelFacade, live: LiveUpdates, site: () => SiteView) {
    this.#model = model;
    this.#live = live;
    this.#site = site;
  }

  /** The page to sign in on. */
  async login(view: Omit<LoginView, 'demo'> = {}): Promise<string> {
    return loginPage(this.#site(), { ...view, demo: await this.#demo() });
  }

  /** The directory of somebody, `undefined` when there is no such person any more. */
  async directory(name: string, alert?: string): Promise<string | undefined> {
    const me = await this.#model.getPerson(name);
    if (me === undefined) return undefined;
    const people = await this.#live.people();
    return directoryPage(this.#site(), {
      me: { name, displayName: me.displayName },
      people,
      calls: this.#live.calls(name),
      demo: await this.#demo(),
      ...(alert === undefined ? {} : { alert }),
    });
  }

  /** A page that says what is wrong. */
  error(title: string, text: string): string {
    return errorPage(this.#site(), title, text);
  }

  async #demo(): Promise<{ name: string; displayName: string }[]> {
    const people = await this.#model.getPeople();
    return people.filter((each) => each.demo).map(({ name, displayName }) => ({ name, displayName }));
  }
}

/* Where a person may go: the side or rail from 768 px on, tabs below it, and the sheet with account, tenants, theme,
   language, sign-out. */

export default {
  props: { groups: Array, tabs: Array, rest: Array, counts: Object, current: String, person: Object, theme: String, lang: String, languages: Array, ways: Object, target: String, words: Object },
  emits: ["theme", "lang"],
  data() { return { chosenTheme: this.theme }; },
  computed: {
    themes() { return [["system", this.words.system], ["light", this.words.light], ["dark", this.words.dark]]; },
    home() { return this.groups[0]?.items[0]?.href ?? "/"; },
    underMore() { return this.rest.some((item) => item.href === this.current); },
  },
  methods: {
    here(item) { return item.href === this.current ? "page" : undefined; },
    setTheme(theme) {
      this.chosenTheme = theme;
      window.setDark(theme === "system" ? null : theme === "dark");
      this.$nextTick(() => {
        const canvas = getComputedStyle(document.body).getPropertyValue("--canvas").trim();
        document.querySelectorAll("meta[name=theme-color]").forEach((meta) => meta.setAttribute("content", canvas));
      });
      this.$emit("theme", theme);
    },
  },
  template: `
    <div class="navigation">
      <a class="btn skip" :href="'#' + target">{{ words.skip }}</a>
      <nav class="side" :aria-label="words.main">
        <a class="logo" :href="home"><svg viewBox="0 0 24 24" aria-hidden="true"><rect x="1" y="1" width="22" height="22" rx="6"/><path d="M5 14.5h4l2.5-7 3 10 1.7-3H19"/></svg><span>PitPilot</span></a>
        <template v-for="group in groups">
          <h4>{{ group.label }}</h4>
          <a v-for="item in group.items" class="way" :href="item.href" :aria-current="here(item)" :title="item.label">
            <i class="icon" aria-hidden="true">{{ item.icon }}</i><span class="cut">{{ item.label }}</span><span v-if="counts[item.href]" class="count num">{{ counts[item.href] }}</span>
          </a>
        </template>
        <span class="space"></span>
        <button type="button" class="person" popovertarget="person-sheet" aria-haspopup="dialog">
          <span class="face" aria-hidden="true">{{ person.initials }}</span>
          <span class="grow"><h3 class="cut">{{ person.name }}</h3><small class="cut">{{ person.line }}</small></span>
          <i class="icon" aria-hidden="true">unfold_more</i>
        </button>
      </nav>
      <nav class="tabs" :aria-label="words.main">
        <a v-for="item in tabs" :href="item.href" :aria-current="here(item)">
          <i class="icon l" aria-hidden="true">{{ item.icon }}</i><span v-if="counts[item.href]" class="count num">{{ counts[item.href] }}</span><span>{{ item.tab || item.label }}</span>
        </a>
        <button type="button" popovertarget="person-sheet" aria-haspopup="dialog" :aria-current="underMore || undefined">
          <i class="icon l" aria-hidden="true">more_horiz</i><span>{{ words.more }}</span>
        </button>
      </nav>
      <div id="person-sheet" class="sheet" popover role="dialog" :aria-label="words.more">
        <nav v-if="rest.length" class="ways only-phone" :aria-label="words.more">
          <a v-for="item in rest" :href="item.href" :aria-current="here(item)">
            <i class="icon l" aria-hidden="true">{{ item.icon }}</i><span>{{ item.label }}</span><span v-if="counts[item.href]" class="count num">{{ counts[item.href] }}</span>
          </a>
        </nav>
        <div><h3 class="cut">{{ person.name }}</h3><p class="fine">{{ person.line }}</p></div>
        <nav v-if="ways.account" class="ways" :aria-label="words.account">
          <a :href="ways.account" :aria-current="ways.account === current ? 'page' : undefined"><i class="icon" aria-hidden="true">manage_accounts</i><span>{{ words.account }}</span></a>
        </nav>
        <form v-if="ways.tenants.length > 1" method="post" :action="ways.switch" class="tenants"><h4>{{ words.tenants }}</h4>
          <button v-for="tenant in ways.tenants" type="submit" name="tenant" :value="tenant.key" :disabled="tenant.current" :aria-current="tenant.current || undefined">
            <i class="icon" aria-hidden="true">{{ tenant.current ? "check" : "swap_horiz" }}</i><span class="grow"><b class="cut">{{ tenant.name }}</b><small>{{ tenant.line }}</small></span>
          </button></form>
        <div><h4>{{ words.theme }}</h4><span class="seg" role="group" :aria-label="words.theme">
          <button v-for="[key, word] in themes" type="button" :aria-pressed="key === chosenTheme" @click="setTheme(key)">{{ word }}</button></span></div>
        <div><h4>{{ words.language }}</h4><span class="seg" role="group" :aria-label="words.language">
          <button v-for="[key, name] in languages" type="button" :lang="key" :aria-pressed="key === lang" @click="key !== lang && $emit('lang', key)">{{ name }}</button></span></div>
        <form method="post" :action="ways.sign_out"><button type="submit" class="btn"><i class="icon" aria-hidden="true">logout</i>{{ words.sign_out }}</button></form>
      </div>
    </div>`,
};

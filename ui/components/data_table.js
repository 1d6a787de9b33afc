/* A table that the server sorts and pages; on a phone its rows become cards. */

const ICONS = { ok: "check_circle", warn: "warning", crit: "error", unknown: "help" };

export default {
  props: { columns: Array, rows: Array, total: Number, page: Number, page_size: Number, sort: String, descending: Boolean, words: Object },
  emits: ["request"],
  data: () => ({ ICONS }),
  computed: {
    first() { return this.total ? (this.page - 1) * this.page_size + 1 : 0; },
    last() { return Math.min(this.total, this.page * this.page_size); },
  },
  methods: {
    ask(change) {
      this.$emit("request", { sort: this.sort ?? null, descending: this.descending, page: this.page, ...change });
    },
    sortBy(column) {
      const again = this.sort === column.key;
      this.ask({ sort: column.key, descending: again ? !this.descending : false, page: 1 });
    },
    direction(column) {
      return this.sort === column.key ? (this.descending ? "descending" : "ascending") : undefined;
    },
  },
  template: `
    <div class="table-box">
      <table class="data">
        <thead><tr>
          <th v-for="column in columns" scope="col" :class="column.align" :aria-sort="direction(column)">
            <button v-if="column.sortable" type="button" @click="sortBy(column)">{{ column.label }}<i v-if="sort === column.key" class="icon s" aria-hidden="true">{{ descending ? "arrow_downward" : "arrow_upward" }}</i></button>
            <template v-else>{{ column.label }}</template>
          </th>
        </tr></thead>
        <tbody>
          <tr v-for="row in rows" :key="row.key">
            <td v-for="column in columns" :data-label="column.label" :class="[column.align, { num: column.align === 'right', none: !row.cells[column.key]?.text, 'only-wide': column.wide_only }]">
              <template v-for="cell in [row.cells[column.key]]">
                <template v-if="!cell"></template>
                <span v-else-if="cell.state !== null" class="chip" :data-state="cell.state"><i class="icon s" aria-hidden="true">{{ cell.icon || ICONS[cell.state] }}</i>{{ cell.text }}</span>
                <a v-else-if="cell.href" :href="cell.href" :class="{ id: cell.code }">{{ cell.text }}</a>
                <span v-else :class="{ id: cell.code }">{{ cell.text }}</span>
              </template>
            </td>
          </tr>
        </tbody>
      </table>
      <nav v-if="total > page_size" class="pager" :aria-label="words.pages">
        <span class="num">{{ words.range.replace("{first}", first).replace("{last}", last).replace("{total}", total) }}</span>
        <button type="button" class="btn square plain" :aria-label="words.previous" :disabled="page <= 1" @click="ask({ page: page - 1 })"><i class="icon" aria-hidden="true">chevron_left</i></button>
        <button type="button" class="btn square plain" :aria-label="words.next" :disabled="last >= total" @click="ask({ page: page + 1 })"><i class="icon" aria-hidden="true">chevron_right</i></button>
      </nav>
    </div>`,
};
